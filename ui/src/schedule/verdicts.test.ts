import { describe, expect, it } from 'vitest'
import { barsSentence, lateWords, letterOf, troubleWord, verdictOf } from './verdicts'

const tick = { verdict: 'on-time', state: 'SUCCESS', doubled: 0, overlaps: false } as const

describe('a time at which an entry was due', () => {
  it('has one letter, the gravest first', () => {
    expect(letterOf(tick)).toBe('o')
    expect(letterOf({ ...tick, verdict: 'late' })).toBe('l')
    expect(letterOf({ ...tick, verdict: 'late', state: 'FAILURE', doubled: 1 })).toBe('f')
    expect(letterOf({ ...tick, doubled: 1 })).toBe('d')
    expect(letterOf({ ...tick, overlaps: true })).toBe('v')
    expect(letterOf({ ...tick, verdict: 'missed', state: null })).toBe('m')
    expect(letterOf({ ...tick, verdict: 'unknown', state: null })).toBe('u')
  })

  it('of a kind that is not known here is unknown', () => {
    expect(verdictOf('?').word).toBe('unknown')
  })
})

describe('bars in words', () => {
  it('count each kind once', () => {
    expect(barsSentence('oomlo')).toBe('Last 5 times: 3 on time, 1 missed, 1 late.')
    expect(barsSentence('')).toBe('No run is known yet.')
  })

  it('say what is wrong now, and nothing of what is disabled', () => {
    const entry = { enabled: true } as never
    expect(troubleWord({ bars: 'ooom', entry })).toBe('missed')
    expect(troubleWord({ bars: 'omoo', entry })).toBe('')
    expect(troubleWord({ bars: 'ooom', entry: { enabled: false } as never })).toBe('')
  })

  it('tell how late, to the second', () => {
    expect([lateWords(null), lateWords(0.2), lateWords(95)]).toEqual(['–', '< 1 s', '1 min 35 s'])
  })
})
