/** How long a task took, against the others of its name. */

import type { Durations } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'

/** Of fewer nothing is said: two of three are no "95 %". */
const FEWEST = 20

/** A bar from zero: where the task itself, half of its name and 95 % of it are, 0 to 1. */
export interface Comparison {
  own: number
  half: number
  most: number
  /** "longer than 95 % of 1,204 (half take 800 ms)". */
  words: string
  /** It is longer than 95 % of them. */
  long: boolean
}

export function compared(seconds: number | null, name: Durations | null): Comparison | null {
  if (seconds === null || name === null || name.n < FEWEST) return null
  const end = Math.max(seconds, name.p95) * 1.1
  const at = (value: number): number => (end > 0 ? Math.max(0, value) / end : 0)
  return {
    own: at(seconds),
    half: at(name.p50),
    most: at(name.p95),
    words: `${rank(seconds, name)} of ${formatNumber(name.n)}; half take up to ${formatDuration(name.p50)}, 95 % up to ${formatDuration(name.p95)}`,
    long: seconds > name.p95,
  }
}

function rank(seconds: number, { n, p50, p95, p99 }: Durations): string {
  if (seconds > p99 && n >= 100) return 'longer than 99 %'
  if (seconds > p95) return 'longer than 95 %'
  if (seconds > p50) return 'longer than half'
  return 'no longer than half'
}
