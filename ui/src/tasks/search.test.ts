import { describe, expect, it } from 'vitest'
import { readSearch, sortOf, turnOrder, writeSearch, zoneFor } from './search'

describe('a search', () => {
  it('leaves its defaults out of the address', () => {
    expect(writeSearch({ q: '', order: '-changed', tz: 'Europe/Berlin' })).toBe('')
    expect(writeSearch({ q: '  ', order: '-changed', tz: 'Europe/Berlin' })).toBe('')
  })

  it.each([
    { q: 'state:FAILURE "no answer" -name:a*&b', order: '-changed', tz: 'UTC' },
    { q: '', order: 'runtime', tz: 'UTC' },
    { q: 'größe + 100%', order: '-runtime', tz: 'UTC' },
    { q: 'received:2026-11-28', order: '-changed', tz: 'Europe/Berlin' },
  ])('is the same after writing and reading: $q $order', (search) => {
    expect(readSearch(writeSearch(search), 'UTC')).toEqual(search)
  })

  it('keeps the zone of its dates, and has that of the screen for new ones', () => {
    const before = { q: 'received:2026-11-28', order: '-changed', tz: 'Europe/Berlin' }

    expect(zoneFor('state:FAILURE received:2026-11-28', before, 'UTC')).toBe('Europe/Berlin')
    expect(zoneFor('received:2026-11-27', before, 'UTC')).toBe('UTC')
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

  it('has the time range of a link as a term', () => {
    expect(readSearch('?q=state%3AFAILURE&range=1h', 'UTC').q).toBe('state:FAILURE updated:-1h..')
    expect(readSearch('?q=a+OR+b&from=1795960800&to=1795964400', 'UTC').q).toBe('(a OR b) updated:1795960800..1795964400')
    expect(readSearch('?range=15m', 'UTC').q).toBe('updated:-15m..')
  })
})
