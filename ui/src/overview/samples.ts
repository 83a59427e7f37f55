/** What samples of a queue or a worker say, as a small line and in words. */

import type { QueuePoint, WorkerPoint } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'

export interface SampleLine {
  values: readonly (number | null)[]
  words: string
}

/** Samples come every ten seconds; a chart of a day changes no faster than its buckets. */
export function samplePause(span_s: number): number {
  return span_s <= 3_600 ? 10 : 60
}

/** How many messages waited over time, and how long the oldest one has waited. */
export function depth(points: readonly QueuePoint[] | undefined): (SampleLine & { oldest: string }) | null {
  const values = points?.map((point) => point.depth) ?? []
  const last = points?.at(-1)
  const most = greatest(values)
  if (!last || most === null) return null
  const oldest = last.oldest_s === null || !last.depth ? '' : formatDuration(last.oldest_s)
  return { values, oldest, words: `Waiting over time, ${formatNumber(Math.round(most))} at most` }
}

/** How many tasks a worker ran over time, of so many that its pool can. */
export function poolUse(points: readonly WorkerPoint[] | undefined): (SampleLine & { pool: number | null; most: number }) | null {
  const values = points?.map(({ running }) => running) ?? []
  const most = greatest(values)
  if (!points || most === null) return null
  const pool = points.at(-1)?.pool ?? null
  const of = pool === null ? '' : ` of ${formatNumber(pool)}`
  return { values, pool, most: Math.max(1, pool ?? most), words: `Running over time, ${Number(most.toFixed(1))}${of} at most` }
}

/** One number is no line. */
const LINE_MIN = 2

function greatest(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null)
  return numbers.length < LINE_MIN ? null : Math.max(...numbers)
}
