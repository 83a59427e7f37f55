/** What the palette offers for a typed text: pages, tasks by id, searches. */

import type { Suggestion } from '../api/types'
import type { IconName } from '../parts/icons'
import { term } from '../query/edit'
import { splice } from '../query/edit'
import { writeSearch, DEFAULT_ORDER } from '../tasks/search'
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
  { icon: 'chart', title: 'Names', kind: 'Page', href: 'names' },
  { icon: 'worker', title: 'Workers', kind: 'Page', href: 'workers' },
  { icon: 'queue', title: 'Queues', kind: 'Page', href: 'queues' },
  { icon: 'play', title: 'Run a task', kind: 'Page', href: 'run' },
  { icon: 'audit', title: 'Audit', kind: 'Page', href: 'audit' },
  { icon: 'person', title: 'Your access', kind: 'Page', href: 'access' },
  { icon: 'person', title: 'Sessions', kind: 'Page', href: 'sessions' },
  { icon: 'key', title: 'API tokens', kind: 'Page', href: 'tokens' },
  { icon: 'page', title: 'Documentation', kind: 'Page', href: 'docs' },
]

/** Fields whose values one goes to, and what their values are called. */
export const SUGGESTED_FIELDS = [
  { name: 'name', kind: 'Task name', icon: 'task' },
  { name: 'worker', kind: 'Worker', icon: 'worker' },
  { name: 'queue', kind: 'Queue', icon: 'queue' },
] as const

/** What has a page of its own; other values lead to a search. */
const PAGES_OF: Record<string, (value: string) => string> = { name: namePath, worker: workerPath, queue: queuePath }

const ID = /^[^\s:"]{8,}$/
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

export function searchPath(q: string): string {
  return `tasks${writeSearch({ q, order: DEFAULT_ORDER })}`
}

/** What is known without asking the server. A pasted UUID comes first, other texts last. */
export function destinations(typed: string): Destination[] {
  const text = typed.trim()
  const pages = PAGES.filter((page) => page.title.toLowerCase().includes(text.toLowerCase()))
  if (text === '') return pages
  const task: Destination = { icon: 'page', title: text, kind: 'Open task', href: taskPath(text) }
  if (UUID.test(text)) return [task]
  const search: Destination = { icon: 'search', title: text, kind: 'Search', href: searchPath(text) }
  return [...pages, search, ...(ID.test(text) ? [task] : [])]
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
