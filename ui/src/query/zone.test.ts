import { describe, expect, it } from 'vitest'
import { setQuery, withZone, zoneOfAddress } from './zone'

const SHOWN = 'Asia/Kolkata'

describe('an address whose search has a time without an offset', () => {
  it('gets the zone in which it is read', () => {
    expect(withZone('?q=seen%3A2026-11-29', SHOWN)).toBe('?q=seen%3A2026-11-29&tz=Asia%2FKolkata')
    expect(zoneOfAddress('?q=a', SHOWN)).toBe(SHOWN)
  })

  it('keeps the zone that it has', () => {
    expect(withZone('?q=seen%3A2026-11-29&tz=UTC', SHOWN)).toBe('?q=seen%3A2026-11-29&tz=UTC')
    expect(zoneOfAddress('?tz=UTC', SHOWN)).toBe('UTC')
  })

  it('is another one than that of a search without', () => {
    for (const address of ['', '?q=name:a', '?q=seen:-1h..', '?range=1h']) expect(withZone(address, SHOWN)).toBe(address)
  })

  it.each([
    ['seen:2026-11-29 name:a', '?q=seen%3A2026-11-29+name%3Aa&tz=UTC'],
    ['seen:2026-11-28', '?q=seen%3A2026-11-28'],
    ['', ''],
  ])('has it for as long as its times stay: %s', (q, after) => {
    const parameters = new URLSearchParams('?q=seen%3A2026-11-29&tz=UTC')
    setQuery(parameters, q)

    expect(`?${parameters.toString()}`).toBe(after || '?')
  })
})
