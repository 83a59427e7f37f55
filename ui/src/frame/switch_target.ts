/** Where the switch to another cluster leads: to the page that one is on, or to its list if that one thing is not there. */

import { pathPart } from '../format/path_part'
import type { Page } from './address'

export interface SwitchTarget {
  /** Below the address of the other cluster. */
  path: string
  /** Of the page of one thing: the address of the API that tells whether it is there, its list, and what it is. */
  one: { api: string; list: string; word: string; id: string } | null
}

/** Of each kind of page of one thing: where its API and its list are. */
const ONES: Record<string, { api: string; list: string; word: string; after?: string }> = {
  task: { api: 'tasks', list: 'tasks', word: 'task' },
  name: { api: 'names', list: 'names', word: 'task name' },
  workflow: { api: 'workflows', list: 'workflows', word: 'workflow', after: '/graph' },
  error: { api: 'errors', list: 'errors', word: 'error' },
  alert: { api: 'alerts', list: 'alerts', word: 'alert' },
  entry: { api: 'schedule', list: 'schedule', word: 'entry of the schedule' },
  worker: { api: 'workers', list: 'workers', word: 'worker' },
  queue: { api: 'queues', list: 'queues', word: 'queue' },
  action: { api: 'actions', list: 'audit', word: 'action' },
}

/** From a page at `inside` (below the address of its own cluster) with this search; of no cluster, to the first page. */
export function switchTarget(page: Page, inside: string, search: string, isOfOne: boolean): SwitchTarget {
  if (!isOfOne || page.kind === 'unknown') return { path: '', one: null }
  const path = `${inside}${search}`
  const kind = ONES[page.kind]
  if (kind === undefined || !('id' in page)) return { path, one: null }
  const api = `api/v1/${kind.api}/${pathPart(page.id)}${kind.after ?? ''}`
  return { path, one: { api, list: kind.list, word: kind.word, id: page.id } }
}

/** What is said above the list on which one landed. */
export function absentWords(label: string, { word, id }: { word: string; id: string }): string {
  return `${label} has no ${word} ${id}: this is its list.`
}
