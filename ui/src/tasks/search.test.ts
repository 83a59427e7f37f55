import { describe, expect, it } from 'vitest'
import { readSearch, sortOf, turnOrder, writeSearch } from './search'

describe('a search', () => {
  it('leaves its defaults out of the address', () => {
    expect(writeSearch({ q: '', order: '-changed' })).toBe('')
    expect(writeSearch({ q: '  ', order: '-changed' })).toBe('')
  })

  it.each([
    { q: 'state:FAILURE "no answer" -name:a*&b', order: '-changed' },
    { q: '', order: 'runtime' },
    { q: 'größe + 100%', order: '-runtime' },
  ])('is the same after writing and reading: $q $order', (search) => {
    expect(readSearch(writeSearch(search))).toEqual(search)
  })

  it('turns a column descending, ascending, and back', () => {
    expect(turnOrder('-changed', 'runtime')).toBe('-runtime')
    expect(turnOrder('-runtime', 'runtime')).toBe('runtime')
    expect(turnOrder('runtime', 'runtime')).toBe('-changed')
  })

  it('tells assistive technology how a column is sorted', () => {
    expect(sortOf('-runtime', 'runtime')).toBe('descending')
    expect(sortOf('runtime', 'runtime')).toBe('ascending')
    expect(sortOf('-changed', 'runtime')).toBe('none')
  })
})
