import { describe, expect, it } from 'vitest'
import { deedsOf } from './deeds'
import { firstIgnoring, ignoringOf, LENGTHS } from './ignoring'
import { share, traitLabel } from './traits'

describe('to ignore an error', () => {
  it('is for a day unless something else is chosen', () => {
    expect(ignoringOf(firstIgnoring(), ' known ', 1_000)).toEqual({ note: 'known', until: 87_400, rate: null, total: null, next_deploy: false })
  })

  it('can be without an end, and until it fails too often or something is deployed', () => {
    const typed = { length: LENGTHS.length - 1, rate: 10, total: undefined, deploy: true }

    expect(ignoringOf(typed, '', 1_000)).toEqual({ note: '', until: null, rate: 10, total: null, next_deploy: true })
  })
})

describe('what can be decided', () => {
  it('depends on the state', () => {
    expect(deedsOf('open')).toEqual(['resolve', 'ignore', 'note'])
    expect(deedsOf('resolved')).toEqual(['reopen', 'note'])
    expect(deedsOf('ignored')).toContain('reopen')
  })
})

describe('what failures share', () => {
  it('is told with its field, an hour in the zone of the screen', () => {
    const moment = (at: number): string => `${at}`

    expect(traitLabel({ field: 'kwargs.currency', value: "'EUR'" }, moment)).toBe("kwargs.currency: 'EUR'")
    expect(traitLabel({ field: 'hour', value: '1970-01-01T01:00:00Z' }, moment)).toBe('hour: from 3600')
  })

  it('is never all of it when one is missing, nor nothing when there is one', () => {
    expect([share(399, 400), share(400, 400), share(1, 400), share(0, 400), share(0, 0)]).toEqual(['99 %', '100 %', 'under 1 %', '0 %', 'none'])
  })
})
