/** Addresses of the tasks behind a number: with its filter, of its time. */

import { between, withRange, type Range } from '../time/range'
import { term } from '../query/edit'
import { searchPath } from '../frame/palette'

/** The range as a term; times from one moment to another in Unix seconds, the same in every zone. */
export function during(range: Range, field: string): string {
  return range.kind === 'last' ? `${field}:-${range.word}..` : `${field}:${range.from}..${range.to ?? ''}`
}

/** The tasks that match `q` and whose `field` (finished, started, seen) lies in the range. */
export function tasksPath(q: string, range: Range, field: string): string {
  return searchPath(`${q} ${during(range, field)}`.trim())
}

export function failuresPath(q: string, range: Range): string {
  return tasksPath(`${q} state:FAILURE`.trim(), range, 'finished')
}

/** Of so many buckets the first is no part of the whole that one would miss. */
const FINE = 50

/**
 * The time of numbers that are sums of whole buckets, the first of which begins at `start`: their
 * tasks are those of the same time. A range that goes with the clock stays one where its buckets are
 * short; the list goes with the clock as well.
 */
export function countedRange(range: Range, start: number, bucket_s: number): Range {
  if (range.kind === 'last' && range.length_s >= FINE * bucket_s) return range
  const to = range.kind === 'last' ? null : range.to
  return between(start, to === null ? null : start + Math.ceil((to - start) / bucket_s) * bucket_s)
}

/** An address of a page that has a time range, of the same time. */
export function atRange(path: string, range: Range, usual: Range): string {
  return `${path}${withRange('', range, usual)}`
}

export function nameTerm(name: string): string {
  return term('name', name)
}

/** The span of a brush as a range. */
export function brushedRange({ start, end }: { start: number; end: number }): Range {
  return between(start, end)
}
