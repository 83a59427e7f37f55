/** What the charts of a queue draw of the server's series. */

import { valuesOf } from '../charts/buckets'
import type { QueuePoint, QueueRates } from '../api/schema'
import type { Buckets, Series } from '../parts/chart'

/** The narrowest samples are single looks; means hide how full it was at most. */
const LOOK_S = 10

export function depthSeries(buckets: Buckets, points: readonly QueuePoint[]): Series[] {
  const given = points.map((point) => ({ start: point.at, ...point }))
  const line = (key: 'depth' | 'depth_max' | 'unacked', label: string, tone: Series['tone']): Series => ({
    key, label, tone, values: valuesOf(buckets, given, (point) => point[key], null),
  })
  const lines = [line('depth', 'Waiting', 'accent')]
  if (buckets.length_s > LOOK_S) lines.unshift(line('depth_max', 'At most', 'received'))
  if (points.some(({ unacked }) => unacked)) lines.push(line('unacked', 'With workers', 'retry'))
  return lines
}

export function rateSeries(buckets: Buckets, rates: QueueRates): Series[] {
  return [
    { key: 'in', label: 'In', tone: 'accent', values: valuesOf(buckets, rates.buckets, ({ in_per_min }) => in_per_min, null) },
    { key: 'out', label: 'Out', tone: 'success', values: valuesOf(buckets, rates.buckets, ({ out_per_min }) => out_per_min, null) },
  ]
}
