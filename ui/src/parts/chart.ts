/** What a chart of numbers over time draws: which series, stacked or not, and what is partial. */

import { formatSecond, formatTimestamp, type Zone } from '../format/time'

/** The names of colour tokens: a state has the same colour everywhere. */
export type Tone =
  | 'pending' | 'received' | 'started' | 'retry' | 'rejected' | 'unknown' | 'revoked' | 'failure' | 'success' | 'accent'

export interface Series {
  key: string
  label: string
  tone: Tone
  /** One number a bucket; null is not known. */
  values: readonly (number | null)[]
  /** Of which numbers little was measured: they are faint. */
  thin?: readonly boolean[]
  /** Faint in columns: it is there to compare the others with. */
  quiet?: boolean
}

/** Buckets of equal length; `starts` are Unix seconds. */
export interface Buckets {
  starts: readonly number[]
  length_s: number
  /** How many of the last buckets are not over yet, or not wholly known. */
  partial: number
}

/** One line on the canvas. A series with partial buckets is two: that part is dashed. */
export interface Line {
  series: Series
  dashed: boolean
  /** Numbers that little was measured of. */
  faint: boolean
  values: (number | null)[]
  /** The line below it in the stack, as a position in the list; null: the axis. */
  above: number | null
}

type Values = readonly (number | null)[]

/** A span of time in which events may have passed unseen: it is hatched. Unix seconds. */
export interface Hole {
  start: number
  end: number
}

/**
 * The lines to draw, topmost first. `hidden` are keys of series that the legend filters out; in
 * `columns` each bucket stands alone, and partial ones need no line from the one before.
 */
export function linesOf(
  series: readonly Series[],
  buckets: Buckets,
  hidden: ReadonlySet<string>,
  stacked: boolean,
  columns = false,
): Line[] {
  const visible = series.filter(({ key }) => !hidden.has(key))
  const heights = stacked ? stack(visible.map(({ values }) => values)) : visible.map(({ values }) => values)
  const from = buckets.starts.length - buckets.partial
  const lines = visible.map((each, index): Line[] => {
    const values = heights[index] ?? []
    const whole: Line = { series: each, dashed: false, faint: false, values: values.map((value, at) => (at < from ? value : null)), above: null }
    // The dashed part begins at the last whole bucket, so that the line is not broken.
    const rest: Line = { series: each, dashed: true, faint: false, values: values.map((value, at) => (at >= from - (columns ? 0 : 1) ? value : null)), above: null }
    const both = buckets.partial > 0 ? [whole, rest] : [whole]
    return each.thin && !stacked && !columns ? both.flatMap((line) => bySupport(line, each.thin ?? [])) : both
  })
  const flat = lines.reverse().flat()
  const step = buckets.partial > 0 ? 2 : 1
  return stacked ? flat.map((line, index) => ({ ...line, above: index + step < flat.length ? index + step : null })) : flat
}

/** A line as two: where enough was measured, and where little was, up to its neighbours. */
function bySupport(line: Line, thin: readonly boolean[]): Line[] {
  const isThin = (at: number): boolean => thin[at] === true
  const touches = (at: number): boolean => isThin(at) || (isThin(at - 1) && line.values[at - 1] !== null) || (isThin(at + 1) && line.values[at + 1] !== null)
  const faint = line.values.map((value, at) => (touches(at) ? value : null))
  if (!line.values.some((value, at) => value !== null && isThin(at))) return [line]
  return [{ ...line, values: line.values.map((value, at) => (isThin(at) ? null : value)) }, { ...line, faint: true, values: faint }]
}

/** Each series on top of those before it; where one is not known, it adds nothing. */
export function stack(series: readonly Values[]): (number | null)[][] {
  const sums: number[] = []
  return series.map((values) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0)
      return sums[index]
    }),
  )
}

/** "2026-11-22 14:03:00 to 14:04:00" */
export function bucketWords(buckets: Buckets, index: number, zone: Zone): string {
  const start = buckets.starts[index] ?? 0
  const end = formatSecond(start + buckets.length_s, zone).slice(11)
  return `${formatSecond(start, zone)} to ${end}${isPartial(buckets, index) ? ', not over yet' : ''}`
}

export function isPartial(buckets: Buckets, index: number): boolean {
  return index >= buckets.starts.length - buckets.partial
}

/** The time on the axis where a mark stands every `step_s`: "14:03:10", "14:03" or "11-22". */
export function axisTime(at: number, step_s: number, zone: Zone): string {
  const stamp = formatTimestamp(at, zone)
  if (step_s >= 86_400) return stamp.slice(5, 10)
  return stamp.slice(11, step_s < 60 ? 19 : 16)
}

/** What buckets `from` to `to` span, in either direction: start and end in Unix seconds. */
export function spanOf(buckets: Buckets, from: number, to: number): { start: number; end: number } {
  const [first, last] = [Math.min(from, to), Math.max(from, to)]
  return { start: buckets.starts[first] ?? 0, end: (buckets.starts[last] ?? 0) + buckets.length_s }
}

/** The bucket in which a moment lies, or the nearest one. */
export function bucketAt({ starts, length_s }: Buckets, at: number): number {
  return Math.max(0, Math.min(starts.length - 1, Math.floor((at - (starts[0] ?? 0)) / length_s)))
}

/** The part of a hole that lies in the buckets; null if none does. */
export function holeWithin({ starts, length_s }: Buckets, { start, end }: Hole): Hole | null {
  const [first, last] = [starts[0] ?? 0, (starts.at(-1) ?? 0) + length_s]
  return end > first && start < last ? { start: Math.max(start, first), end: Math.min(end, last) } : null
}

/** The span that a brush from `left` to `right` means: whole buckets, in Unix seconds. */
export function brushed(buckets: Buckets, left: number, right: number): { start: number; end: number } {
  return spanOf(buckets, bucketAt(buckets, left), bucketAt(buckets, right))
}
