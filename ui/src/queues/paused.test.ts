import { expect, it } from 'vitest'
import { pausedBy, pausedSentence } from './paused'

const paused = { by: 'ann', since: Date.UTC(2026, 10, 22, 12, 3, 7) / 1000, reason: '' }

it('says who paused it and since when, with the day where it is another', () => {
  expect(pausedBy(paused, paused.since + 60, 'utc')).toBe('by ann since 12:03')
  expect(pausedBy(paused, paused.since + 86_400, 'utc')).toBe('by ann since 2026-11-22 12:03')
})

it('says why, where a reason was given', () => {
  expect(pausedSentence(paused, paused.since, 'utc')).toBe('Paused by ann since 12:03')
  expect(pausedSentence({ ...paused, reason: 'SMTP is down' }, paused.since, 'utc')).toBe('Paused by ann since 12:03: SMTP is down')
})
