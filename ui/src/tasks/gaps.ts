/**
 * Gaps in a list of tasks: spans of time in which events may have passed unseen, drawn between
 * the rows of that time. Only a list that is ordered by a time has such a place.
 */

import type { Gap, Incomplete, TaskRow } from '../api/types'
import { formatDuration } from '../format/duration'
import { plural } from '../format/number'

/** Where no row stands behind: at the end of the list. */
export const END = ''

/** Why events passed unseen, as the end of a sentence. */
const CAUSES: Record<string, string> = {
  'broker-away': 'the broker was out of reach',
  'broker-restarted': 'the broker was restarted and lost what its queue had held',
  'broker-cut': 'the broker ended the connection',
  'queue-full': 'the queue or stream of events was full',
  'queue-expired': 'events waited for longer than the queue keeps them',
  'queue-deleted': 'the queue of events was deleted or emptied',
  'queue-shared': 'somebody else read from the queue of events',
  'copy-restored': 'the history was restored from a copy',
  'collector-away': 'the collector did not run',
  'collector-paused': 'the collector, or its machine, stood still',
  shed: 'more came than could be stored',
}

export function cause(gap: Gap): string {
  return CAUSES[gap.cause] ?? 'the reason is not known'
}

/**
 * The gaps by the id of the row before which each stands, or `END`. `more`: rows go on behind
 * these, and with them gaps.
 */
export function gapsByRow(
  rows: readonly TaskRow[],
  order: string,
  gaps: readonly Gap[],
  more: boolean,
): ReadonlyMap<string, Gap[]> {
  const found = new Map<string, Gap[]>()
  const descending = order.startsWith('-')
  const times = rows.map((row) => timeOf(row, order.replace('-', '')))
  const last = times.at(-1)
  if (last === null || last === undefined) return found
  for (const gap of descending ? [...gaps].reverse() : gaps) {
    const edge = descending ? gap.end : gap.start
    const at = times.findIndex((time) => time !== null && (descending ? time < edge : time > edge))
    if (at < 0 && more) continue
    const key = at < 0 ? END : (rows[at]?.uuid ?? END)
    found.set(key, [...(found.get(key) ?? []), gap])
  }
  return found
}

function timeOf(row: TaskRow, field: string): number | null {
  const key = field === 'changed' ? 'timestamp' : field
  const value = (row as unknown as Record<string, unknown>)[key]
  const isTime = ['seen', 'timestamp', 'sent', 'received', 'started', 'finished', 'revoked'].includes(key)
  return isTime && typeof value === 'number' ? value : null
}

/** "375 tasks were put right, 12 are asked about": what is done about what is missing. */
function healed(healing: Incomplete['healing']): string[] {
  if (!healing) return []
  const parts = []
  if (healing.healed > 0) parts.push(`${plural(healing.healed, 'task')} put right by asking`)
  if (healing.waiting > 0 || healing.searching) {
    parts.push(healing.waiting > 0 ? `${plural(healing.waiting, 'task')} in doubt, being asked about` : 'being asked for')
  }
  return parts
}

/** "events of 95 s are missing", "1,200 tasks began unheard": what a count does not hold. */
export function missing(incomplete: Incomplete | null): string {
  if (incomplete === null) return ''
  const parts = []
  if (incomplete.missed_s >= 0.05) parts.push(`events of ${formatDuration(incomplete.missed_s)} are missing`)
  if (incomplete.lost > 0) parts.push(`${plural(incomplete.lost, 'task')} began unheard, by the workers' count`)
  return [...parts, ...(parts.length > 0 ? healed(incomplete.healing) : [])].join(', ')
}
