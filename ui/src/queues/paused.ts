/** Who paused a queue, in words. */

import type { PausedQueue } from '../api/schema'
import { formatSince, type Zone } from '../format/time'

/** "by ann since 12:03", "by ann since 2026-11-22 12:03" on another day. */
export function pausedBy({ by, since }: PausedQueue, now: number, zone: Zone): string {
  return `by ${by} since ${formatSince(since, now, zone).replace(/:\d\d$/, '')}`
}

/** The same with the reason, as a sentence. */
export function pausedSentence(paused: PausedQueue, now: number, zone: Zone): string {
  const reason = paused.reason === '' ? '' : `: ${paused.reason}`
  return `Paused ${pausedBy(paused, now, zone)}${reason}`
}
