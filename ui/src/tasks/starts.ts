/** What the empty search box offers to begin with. */

import type { ListedSearch } from '../api/schema'
import { isSame, DEFAULT_ORDER, type Search } from './search'

/** So many of each kind are offered; the palette finds all saved ones by name. */
const OWN = 12
const SHARED = 12
const RECENT = 8

export interface Start {
  kind: 'saved' | 'recent' | 'example'
  /** What stands above it and those like it. */
  group: string
  title: string
  /** Beside the title, what it searches for or means. */
  help: string
  search: Search
}

const EXAMPLES = [
  { q: 'state:FAILURE updated:-1h..', help: 'Failed in the last hour' },
  { q: 'state:STARTED runtime:>5m', help: 'Running for more than five minutes' },
  { q: 'wait:>1m', help: 'Waited for more than a minute' },
] as const

export function startsOf(saved: readonly ListedSearch[], recent: readonly Search[], tz: string): Start[] {
  const own = saved.filter(({ mine, owner }) => mine && owner !== '')
  const others = saved.filter((one) => !own.includes(one))
  const isNew = (search: Search): boolean => !saved.some((one) => isSame(one, search))
  return [
    ...own.slice(0, OWN).map((one) => savedStart(one, 'Your searches')),
    ...others.slice(0, SHARED).map((one) => savedStart(one, others.every(({ owner }) => owner === '') ? 'Saved searches' : 'Shared searches')),
    ...recent.filter(isNew).slice(0, RECENT).map((search) => recentStart(search)),
    ...EXAMPLES.map(({ q, help }) => exampleStart(q, help, tz)),
  ]
}

/** Starts with what stands above them, in their order. */
export function grouped(starts: readonly Start[]): { group: string; starts: { start: Start; index: number }[] }[] {
  const names = [...new Set(starts.map(({ group }) => group))]
  const numbered = starts.map((start, index) => ({ start, index }))
  return names.map((group) => ({ group, starts: numbered.filter(({ start }) => start.group === group) }))
}

function savedStart({ name, q, order, tz }: ListedSearch, group: string): Start {
  return { kind: 'saved', group, title: name, help: q, search: { q, order, tz } }
}

function recentStart(search: Search): Start {
  return { kind: 'recent', group: 'Recent searches', title: search.q, help: orderWords(search.order), search }
}

function exampleStart(q: string, help: string, tz: string): Start {
  return { kind: 'example', group: 'Examples', title: q, help, search: { q, order: DEFAULT_ORDER, tz } }
}

/** "by runtime, descending"; empty for the usual order. */
export function orderWords(order: string): string {
  if (order === DEFAULT_ORDER) return ''
  return order.startsWith('-') ? `by ${order.slice(1)}, descending` : `by ${order}`
}
