/** What the Tasks page's histogram draws: how many of the tasks that match ended when, and how. */

import type { Chip } from '../api/types'
import type { SeriesOfCounts } from '../api/schema'
import type { Zone } from '../format/time'
import type { Buckets, Series } from '../parts/chart'
import { chosenStates, removeChip } from '../query/edit'
import { lastOf, PRESETS, spanOf, type Range } from '../time/range'
import { rangeOf, timeChip } from './time_term'

/** The states in which a task has ended. */
const ENDED = ['SUCCESS', 'FAILURE', 'REVOKED']
/** Of these a series is as exact without the term as with it, and much sooner there: by minutes. */
const BY_BUCKETS = ['timestamp', 'finished']
const LONGEST_UNASKED = 4

/** What is asked for. */
export interface HistogramSearch {
  q: string
  range: Range
}

/** The search and the span of the histogram. Without a range: the last day, or as long as there is anything. */
export function histogramSearch(q: string, chips: readonly Chip[], zone: Zone, oldest: number | null, now: number): HistogramSearch {
  const chip = timeChip(chips)
  const range = rangeOf(chips, zone)
  if (range === null || chip === null) return { q, range: unasked(oldest, now) }
  return { q: BY_BUCKETS.includes(chip.field ?? '') ? removeChip(q, chip) : q, range }
}

/** The least of what the button offers, up to a day, that holds all there is. */
function unasked(oldest: number | null, now: number): Range {
  const ranges = PRESETS.slice(0, LONGEST_UNASKED).map(lastOf)
  const enough = oldest === null ? undefined : ranges.find(({ length_s }) => now - oldest <= length_s)
  return enough ?? ranges[LONGEST_UNASKED - 1] ?? lastOf('24h')
}

/** Whether tasks that match can have ended at all. */
export function canEnd(chips: readonly Chip[]): boolean {
  const states = chosenStates(chips)
  return states.length === 0 || states.some((state) => ENDED.includes(state))
}

/** All buckets from `from` to `to`, also those in which nothing happened; failures at the bottom. */
export function histogram(answer: SeriesOfCounts, range: Range, now: number): { buckets: Buckets; series: Series[] } {
  const { from, to } = spanOf(range, now)
  const { bucket_s } = answer
  const first = Math.floor(from / bucket_s) * bucket_s
  const starts: number[] = []
  for (let start = first; start < to; start += bucket_s) starts.push(start)
  const found = new Map(answer.buckets.map((bucket) => [Math.round(bucket.start), bucket]))
  const values = (key: 'failed' | 'revoked' | 'succeeded'): number[] => starts.map((start) => found.get(Math.round(start))?.[key] ?? 0)
  const series: Series[] = [
    { key: 'failed', label: 'failed', tone: 'failure', values: values('failed') },
    { key: 'revoked', label: 'revoked', tone: 'revoked', values: values('revoked') },
    { key: 'succeeded', label: 'succeeded', tone: 'success', values: values('succeeded'), quiet: true },
  ]
  const partial = starts.filter((start) => start + bucket_s > now).length
  return {
    buckets: { starts, length_s: bucket_s, partial },
    series: series.filter(({ key, values: each }) => key !== 'revoked' || each.some((value) => (value ?? 0) > 0)),
  }
}
