/** The bars of a histogram of durations. */

import type { HistogramBin } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'

export interface Bar {
  /** Of the highest one, 0 to 1. */
  height: number
  n: number
  /** "120 ms to 160 ms: 41 tasks". */
  words: string
  /** The lower end, on the axis below some bars. */
  tick: string
}

/** Fewer bars than these would be as wide as the page: empty ones stand on both sides. */
const LEAST = 12
/** One bin in so many, or in a multiple of that, has a tick; so many ticks stand side by side, and
 * one has so much of the width to its right. */
const EVERY = 4
const TICKS = 4
const ROOM = 0.18

export function barsOf(bins: readonly HistogramBin[]): Bar[] {
  const padded = padding(bins)
  const most = Math.max(1, ...padded.map(({ n }) => n))
  const every = EVERY * Math.ceil(padded.length / EVERY / TICKS)
  const last = padded.length * (1 - ROOM)
  return padded.map(({ low, high, n }, index) => ({
    height: n / most,
    n,
    words: `${low === 0 ? 'less than' : `${formatDuration(low)} to`} ${formatDuration(high)}: ${formatNumber(n)}`,
    tick: index % every === 0 && index <= last ? formatDuration(low) : '',
  }))
}

/** Bins of the same scale, empty, around those that there are. */
function padding(bins: readonly HistogramBin[]): HistogramBin[] {
  const all = [...bins]
  while (all.length > 0 && all.length < LEAST) {
    const [first, last] = [all[0], all.at(-1)]
    if (!first || !last) break
    const ratio = last.low > 0 ? last.high / last.low : 10 ** (1 / 8)
    if (all.length % 2 === 0 && first.low > 0.0015) all.unshift({ low: first.low / ratio, high: first.low, n: 0 })
    else all.push({ low: last.high, high: last.high * ratio, n: 0 })
  }
  return all
}
