import { expect, it } from 'vitest'
import type { QueuePoint, QueueRates } from '../api/schema'
import { depthSeries, rateSeries } from './over_time'

const point = (at: number, depth: number, more: Partial<QueuePoint> = {}): QueuePoint => ({ at, depth, depth_max: depth + 1, unacked: null, consumers: null, oldest_s: null, ...more })
const buckets = (length_s: number) => ({ starts: [0, length_s], length_s, partial: 0 })

it('wide buckets show the most beside the mean, single looks need not', () => {
  expect(depthSeries(buckets(60), [point(60, 3)]).map(({ key, values }) => [key, values])).toEqual([['depth_max', [null, 4]], ['depth', [null, 3]]])
  expect(depthSeries(buckets(10), [point(10, 3, { unacked: 2 })]).map(({ key }) => key)).toEqual(['depth', 'unacked'])
})

it('a rate that is not known is a hole, not a zero', () => {
  const rates = { buckets: [{ start: 0, in_per_min: 4, out_per_min: null }] } as unknown as QueueRates

  expect(rateSeries(buckets(60), rates).map(({ values }) => values)).toEqual([[4, null], [null, null]])
})
