/** What the palette offers for a typed text: pages, commands, recent places, tasks by id, searches. */

import type { ListedSearch } from '../api/schema'
import type { Suggestion, TaskRow } from '../api/types'
import { ICONS, type IconName } from '../parts/icons'
import { term } from '../query/edit'
import { splice } from '../query/edit'
import { writeSearch, DEFAULT_ORDER } from '../tasks/search'
import type { Command } from './commands.svelte'
import { namePath, queuePath, taskPath, workerPath } from './address'

export interface Destination {
  icon: IconName
  title: string
  /** What kind of thing it is, in a word or two. */
  kind: string
  href: string
}

const PAGES: readonly Destination[] = [
  { icon: 'chart', title: 'Overview', kind: 'Page', href: '.' },
  { icon: 'task', title: 'Tasks', kind: 'Page', href: 'tasks' },
  { icon: 'alert', title: 'Errors', kind: 'Page', href: 'errors' },
  { icon: 'bell', title: 'Alerts', kind: 'Page', href: 'alerts' },
  { icon: 'chart', title: 'Names', kind: 'Page', href: 'names' },
  { icon: 'clock', title: 'Schedule', kind: 'Page', href: 'schedule' },
  { icon: 'worker', title: 'Workers', kind: 'Page', href: 'workers' },
  { icon: 'help', title: 'Doctor', kind: 'Page', href: 'doctor' },
  { icon: 'worker', title: 'Compare workers', kind: 'Page', href: 'workers/diff' },
  { icon: 'workflow', title: 'Workflows', kind: 'Page', href: 'workflows' },
  { icon: 'queue', title: 'Queues', kind: 'Page', href: 'queues' },
  { icon: 'play', title: 'Run a task', kind: 'Page', href: 'run' },
  { icon: 'audit', title: 'Audit', kind: 'Page', href: 'audit' },
  { icon: 'person', title: 'Your access', kind: 'Page', href: 'access' },
  { icon: 'person', title: 'Sessions', kind: 'Page', href: 'sessions' },
  { icon: 'key', title: 'API tokens', kind: 'Page', href: 'tokens' },
  { icon: 'page', title: 'Documentation', kind: 'Page', href: 'docs' },
]

/** Where no cluster is chosen: what the server has beside its clusters. */
const PAGES_WITHOUT_CLUSTER: readonly Destination[] = [
  { icon: 'worker', title: 'Clusters', kind: 'Page', href: 'clusters' },
  ...PAGES.filter(({ href }) => ['access', 'sessions', 'docs'].includes(href)),
]

/** Fields whose values one goes to, and what their values are called. */
export const SUGGESTED_FIELDS = [
  { name: 'name', kind: 'Task name', icon: 'task' },
  { name: 'worker', kind: 'Worker', icon: 'worker' },
  { name: 'queue', kind: 'Queue', icon: 'queue' },
] as const

/** What has a page of its own; other values lead to a search. */
const PAGES_OF: Record<string, (value: string) => string> = { name: namePath, worker: workerPath, queue: queuePath }

/** The kind of tasks that are found by their id. */
const TASK_KIND = 'Task'
/** Before anything is typed. */
const RECENT_SHOWN = 5
const SAVED_SHOWN = 6

const ID = /^[^\s:"]{8,}$/
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

export function searchPath(q: string, tz?: string): string {
  return `tasks${writeSearch({ q, order: DEFAULT_ORDER, ...(tz === undefined ? {} : { tz }) })}`
}

/** What stands in the palette: a place to go to, or a command. */
export type Offer = Destination | (Command & { kind: string })

interface Sources {
  recent: readonly Destination[]
  saved: readonly Destination[]
  /** Of the page one is on, and those of every page. */
  commands: { ofPage: readonly Command[]; ofAll: readonly Command[] }
  /** What the server found for the text. */
  found: readonly Destination[]
  /** Whether a cluster is chosen; without one there is nothing to search and no task to open. */
  isOfOne: boolean
}

/**
 * What is offered for a text, best first. All but `found` is there without asking the server. A
 * pasted UUID is a task and nothing else; a worker, queue or name of just this text stands before
 * the search for it, others behind.
 */
export function offers(typed: string, { recent, saved, commands, found, isOfOne }: Sources): Offer[] {
  const text = typed.trim()
  const pages = isOfOne ? PAGES : PAGES_WITHOUT_CLUSTER
  const ofPage = commands.ofPage.map((one) => ({ ...one, kind: 'On this page' }))
  const ofAll = commands.ofAll.map((one) => ({ ...one, kind: 'Command' }))
  if (text === '') return once([...recent.slice(0, RECENT_SHOWN), ...ofPage.filter(({ why }) => why === null), ...pages, ...saved.slice(0, SAVED_SHOWN), ...ofAll])
  const local = [...pages, ...saved, ...recent, ...ofPage, ...ofAll]
    .filter((one) => hasWords(one.title, text))
    .sort((one, other) => rank(one.title, text) - rank(other.title, text))
  if (!isOfOne) return once(local)
  const task: Destination = { icon: 'page', title: text, kind: 'Open task', href: taskPath(text) }
  if (UUID.test(text)) return [task]
  const search: Destination = { icon: 'search', title: text, kind: 'Search', href: searchPath(text) }
  const exact = (one: Offer): boolean => one.title.toLowerCase() === text.toLowerCase()
  const byId = found.filter(({ kind }) => kind === TASK_KIND)
  return once([...found.filter(exact), ...local, ...byId, search, ...(ID.test(text) ? [task] : []), ...found])
}

/** Where saved searches lead, one's own first. */
export function savedPlaces(saved: readonly ListedSearch[]): Destination[] {
  return saved.map(({ name, q, order, tz, mine, owner }) => ({
    icon: 'star',
    title: name,
    kind: mine || owner === '' ? 'Saved search' : `Saved by ${owner}`,
    href: `tasks${writeSearch({ q, order, tz })}`,
  }))
}

/** Whether all words of the text are in the title. */
export function hasWords(title: string, text: string): boolean {
  const lower = title.toLowerCase()
  return text.toLowerCase().split(/\s+/).every((word) => lower.includes(word))
}

/** What begins so stands before what has a word that does, and that before the others. */
function rank(title: string, text: string): number {
  const at = ` ${title.toLowerCase()}`.indexOf(` ${text.toLowerCase()}`)
  return at === 0 ? 0 : at > 0 ? 1 : 2
}

/** What tells offers apart. */
export function keyOf(offer: Offer): string {
  return 'href' in offer ? `${offer.href} ${offer.kind === 'Search' ? 'search' : ''}` : offer.title
}

function once(all: readonly Offer[]): Offer[] {
  const keys = all.map(keyOf)
  return all.filter((_, index) => keys.indexOf(keys[index] ?? '') === index)
}

/** A destination that was stored, if it is one. */
export function destinationOf(stored: unknown): Destination | null {
  const { icon, title, kind, href } = (stored ?? {}) as Record<string, unknown>
  if (typeof icon !== 'string' || !Object.hasOwn(ICONS, icon)) return null
  if (typeof title !== 'string' || typeof kind !== 'string' || typeof href !== 'string') return null
  // Another version, or somebody else's page, may have stored an address of anything.
  return /^[a-z.]+(?:[/?]|$)/.test(href) ? { icon: icon as IconName, title, kind, href } : null
}

/** The search for tasks whose id begins so; null where the text is no beginning of an id. */
export function idSearch(typed: string): string | null {
  const text = typed.trim().replace(/…$/, '').toLowerCase()
  return /^(?=.*\d)[0-9a-f][0-9a-f-]{3,34}$/.test(text) ? `id:${text}*` : null
}

/** Tasks that were found by the beginning of their id. */
export function taskDestination(row: Pick<TaskRow, 'uuid' | 'name'>): Destination {
  return { icon: 'task', title: `${row.uuid} ${row.name ?? ''}`.trim(), kind: TASK_KIND, href: taskPath(row.uuid) }
}

/** The text to ask suggestions of, for values of `field` that have `typed` in them. */
export function question(field: string, typed: string): string {
  const text = typed.trim()
  return text === '' ? `${field}:` : term(field, text)
}

/** Where suggested values of a field lead. */
export function suggested(
  field: (typeof SUGGESTED_FIELDS)[number],
  query: string,
  suggestions: readonly Suggestion[],
): Destination[] {
  return suggestions
    .filter((one) => one.kind === 'value')
    .map((one) => ({
      icon: field.icon,
      title: one.label,
      kind: field.kind,
      href: PAGES_OF[field.name]?.(one.label) ?? searchPath(splice(query, one, one.insert).text.trim()),
    }))
}
