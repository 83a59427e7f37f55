import { describe, expect, it } from 'vitest'
import type { NameRow } from '../api/schema'
import { changeSentence, changeWords, countedSentence, isUntimely, pace } from './numbers'

const lasting = (p95: number) => ({ n: 50, mean: p95, p50: p95, p95, p99: p95 })
const numbers = { count: 100, succeeded: 90, failed: 10, revoked: 0, failure_rate: 0.1, runtime: lasting(4), wait: lasting(0.2) }

function row(changed: NameRow['changed'], change: number): NameRow {
  const before = { ...numbers, count: 50, failure_rate: 0.01, runtime: lasting(1), wait: null }
  return { ...numbers, name: 'shop.pay', trend: [], failures: [], before, changed, change }
}

it('nothing listed because time ran out is no emptiness', () => {
  expect(isUntimely({ items: [], complete: false, bounded: false })).toBe(true)
  expect(isUntimely({ items: [], complete: true, bounded: false })).toBe(false)
  expect(isUntimely({ items: [row(null, 0)], complete: false, bounded: false })).toBe(false)
})

describe('what changed of a name', () => {
  it('is told with both numbers, and whether it is worse', () => {
    const words = (['runtime', 'failures', 'count', 'wait'] as const).map((what) => changeWords(row(what, 2)))

    expect(words.map((one) => one && [changeSentence(one), one.worse])).toEqual([
      ['p95 runtime from 1.0 s to 4.0 s', true],
      ['failures from 1 % to 10 %', true],
      ['tasks from 50 to 100', false],
      ['p95 wait from – to 200 ms', true],
    ])
    expect(changeWords(row('runtime', -2))?.worse).toBe(false)
  })

  it('is nothing where nothing changed, or nothing is known of the time before', () => {
    expect(changeWords(row(null, 0))).toBeNull()
    expect(changeWords({ ...row('count', 2), before: null })).toBeNull()
  })
})

it('a pace is told in the unit that a person would choose', () => {
  expect([0, 7_200, 90, 3, 720_000].map((count) => pace(count, 3_600))).toEqual(['none', '2 a second', '1.5 a minute', '3 an hour', '200 a second'])
  expect(pace(2, 86_400)).toBe('2 tasks')
})

describe('what a list of names leaves out', () => {
  it('is told apart: too many names are no lack of time', () => {
    expect(countedSentence({ complete: true, bounded: false })).toBe('')
    expect(countedSentence({ complete: false, bounded: false })).toContain('in time')
    expect(countedSentence({ complete: false, bounded: true })).toContain('with the most tasks')
  })
})
