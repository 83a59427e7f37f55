/** Where a queue is going, in words and numbers. */

import type { QueueRow } from '../api/control_types'
import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'

/** Below so many a minute a tenth matters. */
const TENTHS_BELOW = 10

/** "growing", "draining, empty in 4 min 10 s"; nothing for a queue that stays as it is. */
export function trendWords({ trend, drain_s }: Pick<QueueRow, 'trend' | 'drain_s'>): string {
  if (trend === null || trend === 'steady') return ''
  return trend === 'draining' && drain_s !== null ? `draining, empty in ${formatDuration(drain_s)}` : trend
}

/** How full it was, for those who do not see the line. */
export function depthWords({ depths, hour_ago }: Pick<QueueRow, 'depths' | 'hour_ago'>): string {
  const numbers = (depths ?? []).filter((depth) => depth !== null)
  const before = hour_ago === null ? '' : `, ${formatNumber(hour_ago)} an hour ago`
  return `Waiting in the last hour, ${formatNumber(Math.max(0, ...numbers))} at most${before}`
}

/** One number is no line. */
export function isLine(depths: QueueRow['depths']): boolean {
  return (depths ?? []).filter((depth) => depth !== null).length > 1
}

/** Messages a minute; those that are few with a tenth, and a dash where it is not known. */
export function formatRate(perMinute: number | null): string {
  if (perMinute === null) return '–'
  return formatNumber(perMinute < TENTHS_BELOW ? Math.round(perMinute * 10) / 10 : Math.round(perMinute))
}

/** The first names of a list, and how many others there are. */
export function shownOf(names: readonly string[], most: number): { shown: readonly string[]; more: number } {
  return names.length <= most + 1 ? { shown: names, more: 0 } : { shown: names.slice(0, most), more: names.length - most }
}
