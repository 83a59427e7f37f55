/** Which page of the documentation tells of a page. */

import type { Page } from '../frame/address'
import { hasPage } from './pages'

/** The first that there is. */
const DOCS: Partial<Record<Page['kind'], readonly string[]>> = {
  overview: ['overview'],
  doctor: ['doctor'],
  tasks: ['tasks', 'query-language'],
  task: ['task', 'tasks'],
  errors: ['errors'],
  error: ['errors'],
  alerts: ['alerts'],
  alert: ['alerts'],
  names: ['names', 'overview'],
  name: ['names', 'overview'],
  schedule: ['schedule'],
  entry: ['schedule'],
  workflows: ['workflows'],
  workflow: ['workflows'],
  workers: ['workers'],
  worker: ['workers'],
  diff: ['workers'],
  queues: ['queues'],
  queue: ['queues'],
  run: ['run'],
  audit: ['audit'],
  action: ['audit'],
  clusters: ['settings'],
  'clusters-diff': ['workers'],
  access: ['logins/roles'],
  sessions: ['logins'],
  tokens: ['api'],
}

/** Its address; null where nothing is written of it. */
export function docsPath(kind: Page['kind']): string | null {
  const page = DOCS[kind]?.find((name) => hasPage(name))
  return page === undefined ? null : `docs/${page}`
}
