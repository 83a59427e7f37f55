import { describe, expect, it } from 'vitest'
import type { Chip } from '../api/types'
import { between, lastOf } from '../time/range'
import { rangeOf, timeChip, withinRange } from './time_term'

// 2026-11-29 14:00 UTC
const TWO = 1_795_960_800
const HOUR = lastOf('1h')

function chip(text: string, part: string, field: string | null, negated = false): Chip {
  const start = text.indexOf(part)
  return { text: part, start, end: start + part.length, field, negated }
}

describe('the time of a search', () => {
  it('comes behind what it says already, and goes again', () => {
    const text = 'name:a updated:-1h..'
    const chips = [chip(text, 'name:a', 'name'), chip(text, 'updated:-1h..', 'timestamp')]

    expect(withinRange('name:a', chips.slice(0, 1), HOUR, 'utc')).toBe(text)
    expect(rangeOf(chips, 'utc')).toEqual(HOUR)
    expect(withinRange(text, chips, null, 'utc')).toBe('name:a')
    expect(withinRange('', [], null, 'utc')).toBe('')
  })

  it('takes the place of another one, and keeps its field unless another is meant', () => {
    const text = 'received:-24h.. name:a'
    const chips = [chip(text, 'received:-24h..', 'received'), chip(text, 'name:a', 'name')]

    expect(withinRange(text, chips, HOUR, 'utc')).toBe('received:-1h.. name:a')
    expect(withinRange(text, chips, between(TWO, TWO + 60), 'utc', 'finished')).toBe('finished:2026-11-29T14:00..2026-11-29T14:01 name:a')
  })

  it('is of all that match either of two things', () => {
    expect(withinRange('a OR b', [chip('a OR b', 'a OR b', null)], HOUR, 'utc')).toBe('(a OR b) updated:-1h..')
  })

  it('is none where tasks of a time are left out', () => {
    expect(timeChip([chip('-updated:-1h..', '-updated:-1h..', 'timestamp', true)])).toBeNull()
  })
})
