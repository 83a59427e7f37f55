import { describe, expect, it } from 'vitest'
import { bucketsOf, endings, failureRate, pauseOf, percentiles, wholeTrend } from './buckets'

const MINUTE = 60
const count = (start: number, succeeded: number, failed = 0, revoked = 0) => ({ start, seen: null, succeeded, failed, revoked })

describe('the buckets of a chart', () => {
  it('overlap the span, and those that are not over yet are partial', () => {
    expect(bucketsOf({ from: 70, to: 290 }, MINUTE, 250)).toEqual({ starts: [60, 120, 180, 240], length_s: 60, partial: 1 })
    expect(bucketsOf({ from: 60, to: 180 }, MINUTE, 900).partial).toBe(0)
    expect(bucketsOf({ from: 60, to: 61 }, 600, 61).starts).toEqual([0])
  })

  it('are zero where nothing ended, and the rate is not known there', () => {
    const buckets = bucketsOf({ from: 0, to: 240 }, MINUTE, 900)
    const given = [count(60, 3, 1), count(180, 0, 2)]

    expect(endings(buckets, given).map(({ key, values }) => [key, values])).toEqual([
      ['failed', [0, 1, 0, 2]],
      ['succeeded', [0, 3, 0, 0]],
    ])
    expect(failureRate(buckets, given)[0]?.values).toEqual([null, 0.25, null, 1])
  })

  it('have a line of revoked tasks only where there are any', () => {
    const buckets = bucketsOf({ from: 0, to: 60 }, MINUTE, 900)

    expect(endings(buckets, [count(0, 1, 0, 1)]).map(({ key }) => key)).toEqual(['failed', 'revoked', 'succeeded'])
  })

  it('have the longest durations first', () => {
    const buckets = bucketsOf({ from: 0, to: 120 }, MINUTE, 900)
    const lines = percentiles(buckets, [{ start: 60, n: 9, mean: 1, p50: 1, p95: 2, p99: 3 }])

    expect(lines.map(({ key, values }) => [key, values])).toEqual([['p99', [null, 3]], ['p95', [null, 2]], ['p50', [null, 1]]])
  })
})

it('a small line ends with the last bucket that is over', () => {
  expect(wholeTrend([1, 2, 3], { start: 60, bucket_s: 60 }, 230)).toEqual([1, 2])
  expect(wholeTrend([1, 2, 3], { start: 60, bucket_s: 60 }, 900)).toEqual([1, 2, 3])
})

it('a small line of what has just begun shows it', () => {
  expect(wholeTrend([0, 0, 3], { start: 60, bucket_s: 60 }, 230)).toEqual([0, 0, 3])
  expect(wholeTrend([0, 0, 0], { start: 60, bucket_s: 60 }, 230)).toEqual([0, 0, 0])
})

it('a longer span is asked for less often', () => {
  expect([900, 3_600, 86_400, 604_800].map(pauseOf)).toEqual([5, 5, 20, 60])
})
