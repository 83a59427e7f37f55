import { expect, it } from 'vitest'
import { readNames, writeNames } from './search'

it('the search of names stands in the address, beside the time', () => {
  const search = { sort: 'changed', contains: 'pay me', against: 'yesterday' } as const

  expect(writeNames('?range=6h', search)).toBe('?range=6h&sort=changed&find=pay+me&against=yesterday')
  expect(readNames('?range=6h&sort=changed&find=pay+me&against=yesterday')).toEqual(search)
  expect(writeNames('?sort=name&find=x', { sort: 'busiest', contains: '', against: 'before' })).toBe('')
})

it('nonsense is the usual search', () => {
  expect(readNames('?sort=colour')).toEqual({ sort: 'busiest', contains: '', against: 'before' })
})
