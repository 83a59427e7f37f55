/** What is said of one error, and which searches find its tasks. */

import type { ErrorGroup, GroupState, Matrix, SinceDeploy } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber, plural } from '../format/number'
import { pastPhrase, formatSince, type Zone } from '../format/time'
import { searchPath } from '../frame/palette'
import type { Buckets, Series } from '../parts/chart'
import { term } from '../query/edit'

export const COLUMNS: readonly { key: keyof Matrix; word: string; title: string; within: string }[] = [
  { key: 'h1', word: '1h', title: '1 h', within: 'in the last hour' },
  { key: 'h24', word: '24h', title: '24 h', within: 'in the last 24 hours' },
  { key: 'd7', word: '7d', title: '7 d', within: 'in the last 7 days' },
]

/** The search for the tasks that failed in the end with this error, whenever. */
export function failuresOf(id: string): string {
  return `${term('error', id)} state:FAILURE`
}

/** Where the tasks of one cell of the matrix are listed; `q` is what the list of errors is narrowed by, its times in `tz`. */
export function cellPath(id: string, word: string, q = '', tz?: string): string {
  return searchPath(`${narrowing(q)}${failuresOf(id)} finished:-${word}..`, tz)
}

function narrowing(q: string): string {
  const text = q.trim()
  return text === '' ? '' : `${/\sOR\s/.test(text) ? `(${text})` : text} `
}

/** "CardDeclined: insufficient funds for <n> EUR" */
export function titleOf({ type, message }: Pick<ErrorGroup, 'type' | 'message'>): string {
  return message === '' ? type : `${type}: ${message}`
}

/** "41", or "41+" where time was too short to count all of them. */
export function countWord(count: number, counted: boolean): string {
  return `${formatNumber(count)}${counted ? '' : '+'}`
}

/** The same in words. */
export function countLabel(count: number, counted: boolean): string {
  return `${counted ? '' : 'At least '}${plural(count, 'task')} in this time`
}

/** "charge", or "charge and 2 more"; empty where none is known. */
export function someOf(names: readonly string[]): { first: string; more: string } {
  const [first = '', ...others] = names
  return { first, more: others.length === 0 ? '' : `and ${formatNumber(others.length)} more` }
}

/** Who decided what, when, and until when it holds. Null: it is open as errors are. */
export function stateSentence(state: GroupState, now: number, zone: Zone): string | null {
  const by = `${state.by === null ? '' : ` by ${state.by}`}${state.at === null ? '' : ` ${pastPhrase(state.at, now)}`}`
  if (state.state === 'resolved') return `Resolved${by}, until it fails again.`
  if (state.state === 'ignored') return `Ignored${by}, until ${conditions(state, now, zone)}.`
  if (state.was !== null) {
    const since = state.reopened === null ? '' : ` since ${formatSince(state.reopened, now, zone)}`
    return `Open again${since}. ${state.because ?? ''} It had been ${state.was}${by}.`.replace('  ', ' ')
  }
  return null
}

/** What ends that an error is ignored. */
export function conditions({ until, rate, total, next_deploy }: Pick<GroupState, 'until' | 'rate' | 'total' | 'next_deploy'>, now: number, zone: Zone): string {
  const parts = [
    until === null ? null : formatSince(until, now, zone),
    rate === null ? null : `it fails ${plural(rate, 'time')} within a minute`,
    total === null ? null : `it has failed ${plural(total, 'time')} more`,
    next_deploy ? 'the next deploy' : null,
  ].filter((part) => part !== null)
  return parts.length === 0 ? 'somebody reopens it' : parts.join(', or until ')
}

/** "First seen 4 min after the deploy of 5.7, never before." */
export function sinceDeploySentence({ phrase, after_s }: SinceDeploy): string {
  return `First seen ${formatDuration(after_s < 120 ? Math.round(after_s) : Math.round(after_s / 60) * 60)} after ${phrase}, never before.`
}

/** "This error: 41 times in the last hour, first 09:12:40, 2 names" */
export function brief(group: Pick<ErrorGroup, 'count' | 'first' | 'names'>, complete: boolean, now: number, zone: Zone): string {
  const times = group.count === 0 ? 'not' : `${complete ? '' : 'at least '}${plural(group.count, 'time')}`
  return [
    `${times} in the last hour`,
    ...(group.first === null ? [] : [`first ${formatSince(group.first, now, zone)}`]),
    ...(group.names.length === 0 ? [] : [plural(group.names.length, 'name')]),
  ].join(', ')
}

/** The trend as a chart draws it; the bucket that goes on is not over. */
export function trendChart(
  { trend, start, bucket_s }: { trend: readonly number[]; start: number; bucket_s: number },
  now: number,
): { buckets: Buckets; series: Series[] } {
  const starts = trend.map((_, index) => start + index * bucket_s)
  return {
    buckets: { starts, length_s: bucket_s, partial: starts.filter((at) => at + bucket_s > now).length },
    series: [{ key: 'failed', label: 'failed', tone: 'failure', values: trend }],
  }
}

/** The id of an error as tasks tell it: "3f9c2a1b7d04 KeyError: <text>". Null: there is none. */
export function errorIdOf(label: string | null): string | null {
  return /^([0-9a-f]{12})(?: |$)/.exec(label ?? '')?.[1] ?? null
}
