import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  between, isSame, lastOf, parseLast, rangeOfTerm, rangeWords, readRange, readStamp, shortStamp, spanOf, termOf, withRange,
} from './range'

const HOUR = lastOf('1h')
// 2026-11-29 14:00 UTC
const TWO = 1_795_960_800

describe('a range in the address', () => {
  it('is read and written', () => {
    for (const text of ['?range=15m', '?range=30d', `?from=${TWO}&to=${TWO + 600}`, `?from=${TWO}`]) {
      expect(withRange('', readRange(text, HOUR), HOUR)).toBe(text)
    }
  })

  it('says nothing when it is the usual one', () => {
    expect(withRange('?range=6h&q=a', HOUR, HOUR)).toBe('?q=a')
    expect(withRange('?q=a', null, null)).toBe('?q=a')
  })

  it('leaves the rest of the address alone', () => {
    expect(withRange('?q=state%3AFAILURE&range=1h', lastOf('7d'), HOUR)).toBe('?q=state%3AFAILURE&range=7d')
  })

  it('is the usual one where the address is nonsense', () => {
    for (const text of ['', '?range=soon', '?range=0m', '?range=9999d', '?from=x', '?from=20&to=10', '?to=10', '?from=-5', '?from=1e99']) {
      expect(readRange(text, HOUR)).toBe(HOUR)
    }
    expect(readRange('?range=', null)).toBeNull()
  })
})

describe('a range', () => {
  it('spans what it says, and the last hour goes with the clock', () => {
    expect(spanOf(HOUR, TWO)).toEqual({ from: TWO - 3600, to: TWO })
    expect(spanOf(between(10, 700), TWO)).toEqual({ from: 10, to: 700 })
    expect(spanOf(between(TWO - 90, null), TWO)).toEqual({ from: TWO - 90, to: TWO })
  })

  it('is at least a minute, in whole seconds', () => {
    expect(between(10.7, 11.2)).toEqual({ kind: 'between', from: 10, to: 70 })
  })

  it('has words', () => {
    expect([parseLast('15m'), HOUR, parseLast('2d')].map((one) => one && rangeWords(one, 'utc'))).toEqual([
      'Last 15 minutes', 'Last hour', 'Last 2 days',
    ])
    expect(rangeWords(between(TWO, TWO + 5_400), 'utc')).toBe('2026-11-29 14:00 to 15:30')
    expect(rangeWords(between(TWO, TWO + 86_400), 'utc')).toBe('2026-11-29 14:00 to 2026-11-30 14:00')
    expect(rangeWords(between(TWO, TWO + 5_400), 'utc', TWO + 9_000)).toBe('14:00 to 15:30')
    expect(rangeWords(between(TWO, TWO + 86_400), 'utc', TWO)).toBe('2026-11-29 14:00 to 2026-11-30 14:00')
    expect(rangeWords(between(TWO + 5, null), 'utc')).toBe('Since 2026-11-29 14:00:05')
  })

  it('is the same however it was written', () => {
    expect(isSame(parseLast('60m'), HOUR)).toBe(true)
    expect(isSame(between(1, 90), between(1, 91))).toBe(false)
    expect(isSame(null, HOUR)).toBe(false)
  })
})

describe('a range as a term of a search', () => {
  const read = (text: string): number | null => readStamp(text, 'utc')

  it('means the range again when it is read', () => {
    for (const range of [HOUR, lastOf('30d'), between(TWO, TWO + 600), between(TWO + 5, null)]) {
      const again = rangeOfTerm(termOf(range, 'updated', 'utc'), read)

      expect(isSame(again, range)).toBe(true)
    }
    expect(termOf(between(TWO, TWO + 600), 'finished', 'utc')).toBe('finished:2026-11-29T14:00..2026-11-29T14:10')
  })

  it('is no range where it is written in ways that the button has not', () => {
    for (const term of ['updated:-2h..-1h', 'updated:>-1h', 'updated:2026-11-29', 'updated:..-1h', 'state:FAILURE', 'updated:-1w..']) {
      expect(rangeOfTerm(term, read)).toBeNull()
    }
  })

  it('takes times with spaces, in quotes, and Unix seconds', () => {
    expect(rangeOfTerm('received:"2026-11-29 14:00".."2026-11-29 15:00"', read)).toEqual({ kind: 'between', from: TWO, to: TWO + 3600 })
    expect(rangeOfTerm(`received:${TWO}..`, read)).toEqual({ kind: 'between', from: TWO, to: null })
  })
})

describe('a range in the night in which clocks go back', () => {
  // Clocks in New York show one to two twice: from 05:00, and from 06:00 UTC on.
  const FIRST = Date.UTC(2026, 10, 1, 5) / 1000
  const zone = process.env['TZ']
  beforeEach(() => {
    process.env['TZ'] = 'America/New_York'
  })
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  it('means the same range again as a term, and as words one can tell from the other hour', () => {
    for (const [start, end] of [[FIRST, FIRST + 900], [FIRST + 3_600, FIRST + 4_500], [FIRST + 1_800, FIRST + 4_500]] as const) {
      const term = termOf(between(start, end), 'updated', 'local')

      expect(rangeOfTerm(term, (text) => readStamp(text, 'local'))).toEqual(between(start, end))
    }
    expect(termOf(between(FIRST, FIRST + 900), 'updated', 'local')).toBe('updated:2026-11-01T01:00-04:00..2026-11-01T01:15-04:00')
    expect(rangeWords(between(FIRST + 1_800, FIRST + 4_500), 'local')).toBe('2026-11-01 01:30 UTC−4 to 01:15 UTC−5')
    expect(rangeWords(between(FIRST - 3_600, null), 'local')).toBe('Since 2026-11-01 00:00')
  })
})

describe('the time of a field', () => {
  it('is read as it was written, in both zones', () => {
    for (const zone of ['utc', 'local'] as const) expect(readStamp(shortStamp(TWO + 65, zone), zone)).toBe(TWO + 65)
    expect(['2026-11-29T14:00Z', '2026-11-29T15:00+01:00', '2026-11-29T08:30-0530'].map((text) => readStamp(text, 'local'))).toEqual([TWO, TWO, TWO])
    expect(readStamp('2026-13-29T14:00', 'utc')).toBeNull()
    expect(readStamp('yesterday', 'utc')).toBeNull()
  })
})
