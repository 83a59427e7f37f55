import { expect, it } from 'vitest'
import { readNames, writeNames } from './search'

it('the search of names stands in the address, beside the time', () => {
  const search = { sort: 'changed', contains: 'pay me' } as const

  expect(writeNames('?range=6h', search)).toBe('?range=6h&sort=changed&find=pay+me')
  expect(readNames('?range=6h&sort=changed&find=pay+me')).toEqual(search)
  expect(writeNames('?sort=name&find=x', { sort: 'busiest', contains: '' })).toBe('')
})

it('nonsense is the usual search', () => {
  expect(readNames('?sort=colour')).toEqual({ sort: 'busiest', contains: '' })
})
