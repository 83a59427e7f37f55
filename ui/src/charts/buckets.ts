/** What a chart draws of a series that the server gave: whole lines of numbers, holes and all. */

import type { CountBucket, DurationBucket } from '../api/schema'
import type { Buckets, Series } from '../parts/chart'

export interface Span {
  from: number
  to: number
}

/** Fewer measured tasks than these in a bucket make no percentile that one should believe. */
export const THIN = 5

/** The buckets that overlap a span; those that end after `now` are not over yet. */
export function bucketsOf(span: Span, length_s: number, now: number): Buckets {
  const first = Math.floor(span.from / length_s) * length_s
  const count = Math.max(1, Math.ceil((span.to - first) / length_s))
  const starts = Array.from({ length: count }, (_, index) => first + index * length_s)
  const partial = starts.filter((start) => start + length_s > now).length
  return { starts, length_s, partial }
}

/** One number for each bucket; where the server gave none, `none`. */
export function valuesOf<T extends { start: number }, None>(
  buckets: Buckets,
  given: readonly T[],
  value: (bucket: T) => number | None,
  none: None | number,
): (number | None)[] {
  const values = new Map(given.map((each) => [each.start, value(each)]))
  return buckets.starts.map((start) => values.get(start) ?? none) as (number | None)[]
}

/** A small line of numbers without its last bucket, where that is not over yet: it would seem to fall.
 * Where there is nothing else, it would seem that nothing is. */
export function wholeTrend(trend: readonly number[], { start, bucket_s }: { start: number; bucket_s: number }, now: number): readonly number[] {
  const whole = trend.slice(0, Math.max(0, Math.floor((now - start) / bucket_s)))
  return trend.length > 2 && whole.some((value) => value > 0) ? whole : trend
}

/** How tasks ended, as lines that stand on each other: failures lowest, so that they are seen. */
export function endings(buckets: Buckets, given: readonly CountBucket[]): Series[] {
  const line = (key: string, label: string, tone: Series['tone'], of: (bucket: CountBucket) => number): Series => ({
    key, label, tone, quiet: tone === 'success', values: valuesOf(buckets, given, of, 0),
  })
  const all = [
    line('failed', 'Failed', 'failure', ({ failed }) => failed),
    line('revoked', 'Revoked', 'revoked', ({ revoked }) => revoked),
    line('succeeded', 'Succeeded', 'success', ({ succeeded }) => succeeded),
  ]
  return all.filter(({ key, values }) => key !== 'revoked' || values.some((value) => value !== 0))
}

/** The part of successes and failures that failed; not known where nothing ended. */
export function failureRate(buckets: Buckets, given: readonly CountBucket[]): Series[] {
  const rate = ({ failed, succeeded }: CountBucket): number | null => (failed + succeeded > 0 ? failed / (failed + succeeded) : null)
  return [{ key: 'rate', label: 'Failed', tone: 'failure', values: valuesOf(buckets, given, rate, null) }]
}

/** Percentiles of durations, the longest first. */
export function percentiles(buckets: Buckets, given: readonly DurationBucket[]): Series[] {
  const thin = valuesOf(buckets, given, ({ n }) => n, null).map((n) => n !== null && n < THIN)
  const line = (key: 'p50' | 'p95' | 'p99', tone: Series['tone']): Series => ({
    key, label: key, tone, values: valuesOf(buckets, given, (bucket) => bucket[key], null), thin,
  })
  return [line('p99', 'retry'), line('p95', 'accent'), line('p50', 'received')]
}

/** Between marks on an axis of durations, in seconds: as clocks are divided, and not in tens. */
export const DURATION_STEPS_S: readonly number[] = [
  ...[-5, -4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)),
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600),
  ...[1, 2, 5, 10, 20, 50, 100, 200].map((days) => days * 86_400),
]

/** How many seconds from one answer to the next: no bucket changes much faster than that. */
export function pauseOf(span_s: number): number {
  if (span_s <= 3_600) return 5
  return span_s <= 86_400 ? 20 : 60
}
