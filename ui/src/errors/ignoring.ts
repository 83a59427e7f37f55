/** What is typed to ignore an error, as the server takes it. */

import type { IgnoreErrorBody } from '../api/schema'

const HOUR_S = 3_600
export const LENGTHS: readonly { title: string; length_s: number | null }[] = [
  { title: '1 hour', length_s: HOUR_S },
  { title: '8 hours', length_s: 8 * HOUR_S },
  { title: '1 day', length_s: 24 * HOUR_S },
  { title: '7 days', length_s: 168 * HOUR_S },
  { title: '30 days', length_s: 720 * HOUR_S },
  { title: 'no end', length_s: null },
]

export interface TypedIgnoring {
  /** Which of `LENGTHS`. */
  length: number
  /** Empty: no condition. */
  rate: number | null | undefined
  total: number | null | undefined
  /** Until the next deploy. */
  deploy: boolean
}

export function firstIgnoring(): TypedIgnoring {
  return { length: 2, rate: null, total: null, deploy: false }
}

export function ignoringOf({ length, rate, total, deploy }: TypedIgnoring, note: string, now: number): IgnoreErrorBody {
  const length_s = LENGTHS[length]?.length_s ?? null
  return {
    note: note.trim(),
    until: length_s === null ? null : Math.ceil(now + length_s),
    rate: rate ?? null,
    total: total ?? null,
    next_deploy: deploy,
  }
}
