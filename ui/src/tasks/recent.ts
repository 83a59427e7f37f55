/** Searches that somebody stayed at, newest first, of one cluster and person in this browser. */

import { readStored, writeStored } from '../frame/storage'
import { isSame, type Search } from './search'

export const RECENT_MAX = 20
/** Who looks at a search for so long meant it. */
export const STAY_MS = 3_000

/** Whose they are. */
export function recentKey(cluster: string, person: string): string {
  return `recent-searches:${encodeURIComponent(cluster)}:${encodeURIComponent(person)}`
}

export function readRecent(key: string): Search[] {
  const stored = readStored(key)
  return Array.isArray(stored) ? stored.filter(isSearch).slice(0, RECENT_MAX) : []
}

/** The list with this search first. An empty one is none. */
export function withRecent(recent: readonly Search[], { q, order, tz }: Search): Search[] {
  const search = { q: q.trim(), order, tz }
  if (search.q === '') return [...recent]
  return [search, ...withoutRecent(recent, search)].slice(0, RECENT_MAX)
}

export function withoutRecent(recent: readonly Search[], search: Search): Search[] {
  return recent.filter((one) => !isSame(one, search))
}

export function keepRecent(key: string, recent: readonly Search[]): void {
  writeStored(key, recent)
}

function isSearch(value: unknown): value is Search {
  if (typeof value !== 'object' || value === null) return false
  return ['q', 'order', 'tz'].every((name) => typeof (value as Record<string, unknown>)[name] === 'string')
}
