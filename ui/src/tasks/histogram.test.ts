import { describe, expect, it } from 'vitest'
import type { SeriesOfCounts } from '../api/schema'
import type { Chip } from '../api/types'
import { between, lastOf } from '../time/range'
import { canEnd, histogram, histogramSearch } from './histogram'

// 2026-11-29 14:00 UTC
const TWO = 1_795_960_800
const chip = (text: string, field: string, start = 0): Chip => ({ text, start, end: start + text.length, field, negated: false })

const counts = { seen: null, succeeded: 5, failed: 1, revoked: 0 }
const answer: SeriesOfCounts = {
  measure: 'count', total: counts, buckets: [{ ...counts, start: TWO + 60 }], bucket_s: 60,
  by: null, groups: [], other: null, complete: true, incomplete: null,
}

describe('the histogram', () => {
  it('has every minute, also those in which nothing ended, and tells which is not over', () => {
    const { buckets, series } = histogram(answer, between(TWO, TWO + 240), TWO + 200)

    expect(buckets).toEqual({ starts: [0, 60, 120, 180].map((at) => TWO + at), length_s: 60, partial: 1 })
    expect(series.map(({ key, values }) => [key, values])).toEqual([
      ['failed', [0, 1, 0, 0]],
      ['succeeded', [0, 5, 0, 0]],
    ])
  })

  it('is of the time that is searched for, of which its search need not say anything', () => {
    const q = 'name:a updated:-1h..'

    expect(histogramSearch(q, [chip('name:a', 'name'), chip('updated:-1h..', 'timestamp', 7)], 'utc', null, TWO)).toEqual({
      q: 'name:a', range: lastOf('1h'),
    })
    expect(histogramSearch('received:-1h..', [chip('received:-1h..', 'received')], 'utc', null, TWO).q).toBe('received:-1h..')
  })

  it('else is of the last day, or as long as there are tasks', () => {
    expect(histogramSearch('', [], 'utc', null, TWO).range).toEqual(lastOf('24h'))
    expect(histogramSearch('', [], 'utc', TWO - 1_000, TWO).range).toEqual(lastOf('1h'))
    expect(histogramSearch('', [], 'utc', TWO - 1e6, TWO).range).toEqual(lastOf('24h'))
  })

  it('has nothing to show of tasks that run or wait', () => {
    expect(canEnd([chip('state:STARTED,RETRY', 'state')])).toBe(false)
    expect(canEnd([chip('state:STARTED,FAILURE', 'state')])).toBe(true)
    expect(canEnd([])).toBe(true)
  })
})
