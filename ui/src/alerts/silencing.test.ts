import { describe, expect, it } from 'vitest'
import type { ListedSilence } from '../api/schema'
import { aboutWords, againWords, DAY_S, firstSilence, silenceMistake, silenceOfAll, silencesOf, silenceToSend, whenWords } from './silencing'

const NOW = Date.UTC(2026, 0, 5, 12) / 1000
const LISTED: ListedSilence = {
  id: 's',
  rule: '',
  name: '',
  subject: '*',
  start: NOW,
  until: NOW + 3_600,
  actor: 'ada',
  reason: 'backup',
  repeat_s: null,
  last: null,
  zone: 'UTC',
  holds: true,
  next_start: NOW,
  next_until: NOW + 3_600,
}

describe('a silence', () => {
  it('begins now and is about everything unless something else is typed', () => {
    const typed = { ...firstSilence(''), reason: ' a deploy ' }
    expect(silenceMistake(typed, 'utc', NOW)).toBe('')
    expect(silenceToSend(typed, 'utc', NOW)).toEqual({
      rule: '',
      subject: '*',
      start: NOW,
      until: NOW + 3_600,
      reason: 'a deploy',
      repeat_s: null,
      zone: 'UTC',
    })
  })

  it('comes again in the zone in which its time was typed', () => {
    const typed = { ...firstSilence('r'), start: '2026-01-04T02:00', repeats: 'week' as const, subject: 'mail*' }
    const start = Date.UTC(2026, 0, 4, 2) / 1000
    expect(silenceToSend(typed, 'utc', NOW)).toMatchObject({ rule: 'r', subject: 'mail*', start, repeat_s: 7 * DAY_S, zone: 'UTC' })
    expect(silenceMistake(typed, 'utc', NOW)).toBe('')
  })

  it('begins at no time over which clocks are put forward: it would come again an hour late', () => {
    const zone = process.env['TZ']
    process.env['TZ'] = 'Europe/Berlin'
    try {
      const typed = { ...firstSilence(''), start: '2026-03-29T02:30', repeats: 'day' as const }
      expect(silenceMistake(typed, 'local', NOW)).toContain('put forward')
      expect(silenceMistake({ ...typed, start: '2026-03-29T03:30' }, 'local', NOW)).toBe('')
      expect(silenceMistake(typed, 'utc', NOW)).toBe('')
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })

  it('is not over before it begins, nor begun before it is over', () => {
    const typed = firstSilence('')
    expect(silenceMistake({ ...typed, start: 'soon' }, 'utc', NOW)).toContain('a day and a time')
    expect(silenceMistake({ ...typed, start: '2026-01-04T02:00' }, 'utc', NOW)).toContain('over already')
    expect(silenceMistake({ ...typed, repeats: 'day', length_s: 3 * DAY_S }, 'utc', NOW)).toContain('before it comes again')
  })

  it('is told with when it holds', () => {
    const later = { ...LISTED, holds: false, next_start: NOW + DAY_S, next_until: NOW + DAY_S + 7_200, repeat_s: DAY_S }
    expect(whenWords(LISTED, NOW, 'utc')).toBe('until 13:00:00')
    expect(whenWords(later, NOW, 'utc')).toBe('from 2026-01-06 12:00:00, for 2 h')
    expect(againWords(later)).toBe('every day (UTC)')
    expect(againWords(LISTED)).toBe('')
  })

  it('is told with what it is about', () => {
    expect(aboutWords(LISTED)).toBe('everything')
    expect(aboutWords({ rule: '', name: '', subject: 'celery@eu-*' })).toBe('celery@eu-*')
    expect(aboutWords({ rule: 'r', name: 'Shop', subject: '*' })).toBe('Shop')
    expect(aboutWords({ rule: 'r', name: 'Shop', subject: 'mail' })).toBe('Shop: mail')
    expect(aboutWords({ rule: 'r', name: '', subject: '*' })).toBe('a rule that is gone')
  })

  it('is of a rule where it is about that or about all', () => {
    const own = { ...LISTED, id: 'own', rule: 'r', subject: 'mail' }
    const later = { ...LISTED, id: 'later', holds: false }
    expect(silencesOf([LISTED, own, later], 'r').map(({ id }) => id)).toEqual(['s', 'own'])
    expect(silencesOf([own, later], 'other')).toEqual([])
    expect(silencesOf([{ ...LISTED, subject: 'celery@eu-*' }], 'r')).toEqual([])
    expect(silenceOfAll([own, later])).toBeUndefined()
    expect(silenceOfAll([own, LISTED])).toBe(LISTED)
  })
})
