/** The audit as a page shows it: what was begun and has ended is one line. */

import type { AuditEntry } from '../api/control_types'
import type { ActionRequestBody } from '../api/schema'
import { actionPath, searchOf, taskPath } from '../frame/address'

export function merged(entries: readonly AuditEntry[]): AuditEntry[] {
  const ended = new Set(entries.filter((one) => one.outcome !== null).map(actionKeyOf))
  return entries.filter((one) => one.outcome !== null || !ended.has(actionKeyOf(one)))
}

function actionKeyOf(entry: AuditEntry): string {
  return JSON.stringify([entry.action, entry.action_id ?? [entry.actor, entry.target]])
}

/** What the audit has lines of: actions of the API, tasks that were sent, plans that were withdrawn, logins, and
 * what else lets people and programs in. */
type Audited =
  | ActionRequestBody['action']
  | 'apply'
  | 'cancel'
  | 'login'
  | 'logout'
  | 'refused'
  | 'second-factor'
  | 'create-token'
  | 'revoke-token'
  | 'mute'
  | 'unmute'
  | 'resolve-error'
  | 'ignore-error'
  | 'reopen-error'
  | 'note-error'
  | 'share-search'
  | 'change-search'
  | 'unshare-search'
  | 'delete-search'

/** Names of actions, for the filter; the compiler misses none. */
const AUDITED = Object.keys({
  apply: 0, revoke: 0, terminate: 0, abort: 0, retry: 0, cancel: 0, purge: 0, pause: 0, resume: 0, shutdown: 0, ping: 0,
  rate_limit: 0, time_limit: 0, pool_grow: 0, pool_shrink: 0, pool_restart: 0, autoscale: 0,
  add_consumer: 0, cancel_consumer: 0, enable_events: 0, disable_events: 0, log_level: 0,
  login: 0, logout: 0, refused: 0, 'second-factor': 0, 'create-token': 0, 'revoke-token': 0,
  mute: 0, unmute: 0, 'resolve-error': 0, 'ignore-error': 0, 'reopen-error': 0, 'note-error': 0,
  'share-search': 0, 'change-search': 0, 'unshare-search': 0, 'delete-search': 0,
} satisfies Record<Audited, 0>)

/** What the filter offers: what is known, and what it is set to even if nobody knows it. */
export function offered(action: string): string[] {
  return action === '' || AUDITED.includes(action) ? [...AUDITED] : [...AUDITED, action]
}

/** "Rate limit" for `rate_limit`, and what the page is called by which a task is sent; an unknown
 * action has its own name. */
export function wordsOf(action: string): string {
  const words = action === 'apply' ? 'run' : action.replaceAll(/[_-]/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const BAD: ReadonlySet<string | null> = new Set(['failed', 'interrupted', 'refused', 'unknown'])

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
  return `audit${searchOf(written)}`
}
