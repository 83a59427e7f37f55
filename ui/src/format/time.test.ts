import { describe, expect, it } from 'vitest'
import { formatAgo, formatPast, pastPhrase, formatClock, formatSecond, formatTimestamp, formatOffset, isoTimestamp } from './time'

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0) / 1000

describe('a moment', () => {
  it.each([
    [0.4, 'now'],
    [12.9, '12 s ago'],
    [61, '1 min ago'],
    [3_599, '59 min ago'],
    [3 * 3_600, '3 h ago'],
    [5.5 * 86_400, '5 d ago'],
    [-180, 'in 3 min'],
    [-7 * 86_400 + 5, 'in 7 d'],
  ])('%d s old reads %s', (age, text) => {
    expect(formatAgo(NOON - age, NOON)).toBe(text)
  })

  it.each([
    [12, '12 s ago', '12 s ago'],
    [0.4, 'just now', 'just now'],
    [-50, 'just now', 'just now'],
    [-3_060, 'clock ahead', '(by a clock that is 51 min ahead)'],
  ])('that has been, %d s old by our clock, reads %s', (age, text, phrase) => {
    expect(formatPast(NOON - age, NOON)).toBe(text)
    expect(pastPhrase(NOON - age, NOON)).toBe(phrase)
  })

  it('is absolute to the millisecond, and says UTC when it is', () => {
    expect(formatTimestamp(NOON + 0.25, 'utc')).toBe('2026-11-22 12:00:00.250 UTC')
    expect(formatClock(NOON + 0.25, 'utc')).toBe('12:00:00.250')
  })

  it('in the local zone differs by that zone alone', () => {
    const offset = new Date(NOON * 1000).getTimezoneOffset() * 60

    expect(formatTimestamp(NOON + offset, 'local')).toBe('2026-11-22 12:00:00.000')
  })

  it('says the offset in the hour that comes twice, and only there', () => {
    const zone = process.env['TZ']
    process.env['TZ'] = 'Europe/Berlin'
    try {
      const first = Date.UTC(2026, 9, 25, 0, 30) / 1000

      expect(formatTimestamp(first, 'local')).toBe('2026-10-25 02:30:00.000 UTC+2')
      expect(formatTimestamp(first + 3_600, 'local')).toBe('2026-10-25 02:30:00.000 UTC+1')
      expect(formatClock(first, 'local')).toBe('02:30:00.000 UTC+2')
      expect([formatSecond(first, 'local'), formatSecond(first, 'utc')]).toEqual(['2026-10-25 02:30:00 UTC+2', '2026-10-25 00:30:00'])
      process.env['TZ'] = 'America/St_Johns'
      expect(formatTimestamp(Date.UTC(2026, 10, 1, 4) / 1000, 'local')).toBe('2026-11-01 01:30:00.000 UTC−2:30')
      process.env['TZ'] = 'Europe/Berlin'
      expect(formatTimestamp(first - 3_600, 'local')).toBe('2026-10-25 01:30:00.000')
      expect(formatTimestamp(first + 2 * 3_600, 'local')).toBe('2026-10-25 03:30:00.000')
      expect(formatTimestamp(Date.UTC(2026, 2, 29, 1, 30) / 1000, 'local')).toBe('2026-03-29 03:30:00.000')
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })

  it('that no calendar has is still shown', () => {
    expect(formatTimestamp(1e300, 'utc')).toBe('1e+300 s')
    expect(isoTimestamp(1e300)).toBeUndefined()
  })

  it('stands before or after another', () => {
    expect(formatOffset(NOON + 1.2, NOON)).toBe('+1.2 s')
    expect(formatOffset(NOON - 0.03, NOON)).toBe('−30 ms')
    expect(formatOffset(NOON, NOON)).toBe('±0')
  })
})
