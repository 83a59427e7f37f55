import { expect, it } from 'vitest'
import { localWords, ownWords } from './local'

it('tells a time on the clock of its zone with its day of the week', () => {
  expect(localWords('2026-03-29T03:30:00+02:00')).toBe('Sun 2026-03-29 03:30:00 +02:00')
  expect(localWords('soon')).toBe('soon')
})

it('tells a moment in the zone of whoever looks in whole seconds', () => {
  expect(ownWords(1_774_747_800.25, 'utc')).toBe('Sun 2026-03-29 01:30:00 UTC')
})
