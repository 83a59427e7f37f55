/** Pages and their addresses, below whatever prefix the server has. */

import { fromPathPart, pathPart } from '../format/path_part'

export type Page =
  | { kind: 'overview' | 'diff' | 'clusters-diff' | 'tasks' | 'names' | 'workflows' | 'errors' | 'alerts' | 'schedule' | 'workers' | 'queues' | 'run' | 'audit' | 'doctor' | 'clusters' | 'docs' | 'access' | 'sessions' | 'tokens' }
  | { kind: 'task' | 'name' | 'workflow' | 'error' | 'alert' | 'entry' | 'worker' | 'queue' | 'action' | 'doc'; id: string }
  | { kind: 'unknown'; path: string }

const LISTS = ['tasks', 'names', 'workflows', 'errors', 'alerts', 'schedule', 'workers', 'queues', 'run', 'audit', 'doctor', 'clusters', 'docs', 'access', 'sessions', 'tokens'] as const
const ONES = { tasks: 'task', names: 'name', workflows: 'workflow', errors: 'error', alerts: 'alert', schedule: 'entry', workers: 'worker', queues: 'queue', actions: 'action', docs: 'doc' } as const

/** The page at `path`, given the path of `<base href>` (which ends in "/"). */
export function pageAt(path: string, base: string): Page {
  const inside = path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '')
  if (inside === '') return { kind: 'overview' }
  const list = LISTS.find((one) => inside === one || inside === `${one}/`)
  if (list) return { kind: list }
  // A worker's name has an @ in it.
  if (inside === 'workers/diff') return { kind: 'diff' }
  if (inside === 'clusters/diff') return { kind: 'clusters-diff' }
  const slash = inside.indexOf('/')
  const folder = inside.slice(0, slash) as keyof typeof ONES
  const id = inside.slice(slash + 1)
  if (slash > 0 && Object.hasOwn(ONES, folder) && id !== '') return { kind: ONES[folder], id: fromPathPart(id) }
  return { kind: 'unknown', path: inside }
}

/** The part of an address from its "?" on; "" without parameters. */
export function searchOf(parameters: URLSearchParams): string {
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** Links with a search to the first page are of when that was the list of tasks. */
export function searchedPage(page: Page, search: string): Page {
  return page.kind === 'overview' && new URLSearchParams(search).has('q') ? { kind: 'tasks' } : page
}

/** Addresses of pages, relative to `<base href>`. */
export function taskPath(id: string): string {
  return `tasks/${pathPart(id)}`
}

export function errorPath(id: string): string {
  return `errors/${pathPart(id)}`
}

export function namePath(name: string): string {
  return `names/${pathPart(name)}`
}

export function entryPath(id: string): string {
  return `schedule/${pathPart(id)}`
}

export function workflowPath(id: string): string {
  return `workflows/${pathPart(id)}`
}

export function workerPath(name: string): string {
  return `workers/${pathPart(name)}`
}

export function queuePath(name: string): string {
  return `queues/${pathPart(name)}`
}

export function actionPath(id: string): string {
  return `actions/${pathPart(id)}`
}
