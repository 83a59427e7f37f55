/** The audit as a page shows it: what was begun and has ended is one line. */

import type { AuditEntry } from '../api/control_types'
import { actionPath, taskPath } from '../frame/address'

export function merged(entries: readonly AuditEntry[]): AuditEntry[] {
  const ended = new Set(entries.filter((one) => one.outcome !== null).map(actionKeyOf))
  return entries.filter((one) => one.outcome !== null || !ended.has(actionKeyOf(one)))
}

function actionKeyOf(entry: AuditEntry): string {
  return JSON.stringify([entry.action, entry.action_id ?? [entry.actor, entry.target]])
}

/** Names of actions, for the filter. */
export const AUDITED = [
  'apply', 'revoke', 'terminate', 'abort', 'retry', 'cancel', 'purge', 'shutdown', 'ping',
  'rate_limit', 'time_limit', 'pool_grow', 'pool_shrink', 'pool_restart', 'autoscale',
  'add_consumer', 'cancel_consumer', 'enable_events', 'disable_events', 'log_level',
  'login', 'logout', 'refused',
] as const

/** What the filter offers: what is known, and what it is set to even if nobody knows it. */
export function offered(action: string): string[] {
  const all: readonly string[] = AUDITED
  return action === '' || all.includes(action) ? [...all] : [...all, action]
}

/** "Rate limit" for `rate_limit`, and what the page is called by which a task is sent; an unknown
 * action has its own name. */
export function wordsOf(action: string): string {
  const words = action === 'apply' ? 'run' : action.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const BAD: ReadonlySet<string | null> = new Set(['failed', 'interrupted', 'refused'])

export function wentWrong(entry: AuditEntry): boolean {
  return BAD.has(entry.outcome)
}

/** Where the tasks are that a line tells of, and what to call them; null when there are none. */
export function madeBy(entry: AuditEntry): { href: string; label: string } | null {
  const [only, ...others] = entry.tasks
  if (only === undefined) return null
  if (others.length > 0 && entry.action_id !== null) return { href: actionPath(entry.action_id), label: 'Open the new tasks' }
  return { href: taskPath(only), label: entry.outcome === 'done' ? 'Open the new task' : 'Look for the task' }
}

export interface Filter {
  actor: string
  action: string
}

export function readFilter(parameters: string): Filter {
  const given = new URLSearchParams(parameters)
  return { actor: given.get('actor') ?? '', action: given.get('action') ?? '' }
}

/** "audit?actor=ann", or "audit" for all of it. */
export function filterPath(filter: Filter): string {
  const written = new URLSearchParams()
  if (filter.actor.trim() !== '') written.set('actor', filter.actor.trim())
  if (filter.action !== '') written.set('action', filter.action)
  const text = written.toString()
  return text === '' ? 'audit' : `audit?${text}`
}
