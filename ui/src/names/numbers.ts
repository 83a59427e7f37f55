/** What a name's numbers say in words. */

import type { NameList, NameRow, NamesSort } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber, plural } from '../format/number'
import { formatShare } from '../format/share'

export const ORDERS: readonly { sort: NamesSort; title: string }[] = [
  { sort: 'busiest', title: 'Busiest' },
  { sort: 'slowest', title: 'Slowest' },
  { sort: 'waiting', title: 'Waiting longest' },
  { sort: 'failing', title: 'Most failing' },
  { sort: 'changed', title: 'Changed most' },
]

export interface ChangeWords {
  /** What changed: "runtime". */
  what: string
  from: string
  to: string
  /** It got worse; more or fewer tasks are neither. */
  worse: boolean
}

/** What changed most against the time before; null where nothing did, or nothing is known. */
export function changeWords(row: NameRow): ChangeWords | null {
  const { before, changed, change } = row
  if (!before || !changed) return null
  const worse = change > 0
  switch (changed) {
    case 'count':
      return { what: 'tasks', from: formatNumber(before.count), to: formatNumber(row.count), worse: false }
    case 'failures':
      return { what: 'failures', from: share(before.failure_rate), to: share(row.failure_rate), worse }
    case 'runtime':
      return { what: 'p95 runtime', from: duration(before.runtime?.p95), to: duration(row.runtime?.p95), worse }
    case 'wait':
      return { what: 'p95 wait', from: duration(before.wait?.p95), to: duration(row.wait?.p95), worse }
  }
}

/** The same as a sentence, for those who do not see the arrow. */
export function changeSentence({ what, from, to }: ChangeWords): string {
  return `${what} from ${from} to ${to}`
}

/** What was left out of a list of names; empty where nothing was. */
export function countedSentence({ complete, bounded }: Pick<NameList, 'complete' | 'bounded'>): string {
  if (bounded) return 'There are more; those with the most tasks were looked at.'
  return complete ? '' : 'Not all was counted in time.'
}

/** Whether nothing is listed because time ran out, and not because there is nothing. */
export function isUntimely({ items, complete, bounded }: Pick<NameList, 'items' | 'complete' | 'bounded'>): boolean {
  return items.length === 0 && !complete && !bounded
}

export function share(part: number | null): string {
  return part === null ? '–' : formatShare(part)
}

export function duration(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? '–' : formatDuration(seconds)
}

/** "12 a minute", "3 an hour": how often something happens. */
export function pace(count: number, span_s: number): string {
  const aMinute = (count / span_s) * 60
  if (count === 0) return 'none'
  if (aMinute >= 120) return `${round(aMinute / 60)} a second`
  if (aMinute >= 1) return `${round(aMinute)} a minute`
  if (aMinute * 60 >= 1) return `${round(aMinute * 60)} an hour`
  return plural(count, 'task')
}

function round(value: number): string {
  return value < 10 ? `${Number(value.toFixed(1))}` : formatNumber(Math.round(value))
}
