/** The audit as a page shows it: what was begun and has ended is one line. */

import type { AuditEntry } from '../api/control-types'

export function merged(entries: readonly AuditEntry[]): AuditEntry[] {
  const ended = new Set(entries.filter((one) => one.outcome !== null).map(deedOf))
  return entries.filter((one) => one.outcome !== null || !ended.has(deedOf(one)))
}

function deedOf(entry: AuditEntry): string {
  return JSON.stringify([entry.action, entry.action_id ?? [entry.actor, entry.target]])
}

/** Names of actions, for the filter. */
export const AUDITED = [
  'apply', 'revoke', 'terminate', 'abort', 'retry', 'cancel', 'purge', 'shutdown', 'ping',
  'rate_limit', 'time_limit', 'pool_grow', 'pool_shrink', 'pool_restart', 'autoscale',
  'add_consumer', 'cancel_consumer', 'enable_events', 'disable_events',
] as const

export interface Filter {
  actor: string
  action: string
}

export function readFilter(parameters: string): Filter {
  const read = new URLSearchParams(parameters)
  return { actor: read.get('actor') ?? '', action: read.get('action') ?? '' }
}

/** "audit?actor=ann", or "audit" for all of it. */
export function filterPath(filter: Filter): string {
  const written = new URLSearchParams()
  if (filter.actor.trim() !== '') written.set('actor', filter.actor.trim())
  if (filter.action !== '') written.set('action', filter.action)
  const text = written.toString()
  return text === '' ? 'audit' : `audit?${text}`
}
