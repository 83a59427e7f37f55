import { describe, expect, it } from 'vitest'
import type { BackTest } from '../api/schema'
import { testedBuckets, testedSeries } from './back_test'

const FOUND: BackTest = {
  possible: true, sentence: '', count: 0, firings: [], since: 0, until: 600, step_s: 60, unknown_s: 0, complete: true,
  subject: '', points: [{ at: 60, value: 1 }, { at: 180, value: null }], limit: 3, unit: 'count',
}

describe('a back-test', () => {
  it('is drawn in steps that begin where their numbers do', () => {
    expect(testedBuckets(FOUND)).toEqual({ starts: [0, 120], length_s: 120, partial: 0 })
  })

  it('has its limit beside it, if there is one', () => {
    expect(testedSeries(FOUND).map(({ key, values }) => [key, values])).toEqual([['value', [1, null]], ['limit', [3, 3]]])
    expect(testedSeries({ ...FOUND, limit: null })).toHaveLength(1)
  })
})
