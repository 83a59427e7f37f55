/** Alerts that ended, page by page, while new ones end. */

import type { Alert } from '../api/schema'

/** All that were had at any time, each once and as it was had last, the last that ended first. */
export function lastFirst(before: readonly Alert[], found: readonly Alert[]): readonly Alert[] {
  const byId = new Map([...before, ...found].map((alert) => [alert.id, alert]))
  const ended = (alert: Alert): number => alert.ended ?? Infinity
  return [...byId.values()].sort((one, other) => ended(other) - ended(one) || (other.id < one.id ? -1 : 1))
}
