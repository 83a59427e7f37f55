/** What is asked for, planned and reported when somebody acts; named as the server names it. */

import type { Json } from '../json/parse'
import type { Raw } from '../json/body'

export type TaskAction = 'revoke' | 'terminate' | 'abort' | 'retry'
export type WorkerAction =
  | 'shutdown'
  | 'pool_restart'
  | 'pool_grow'
  | 'pool_shrink'
  | 'autoscale'
  | 'add_consumer'
  | 'cancel_consumer'
  | 'enable_events'
  | 'disable_events'
  | 'ping'
  | 'rate_limit'
  | 'time_limit'
export type ActionKind = TaskAction | WorkerAction | 'purge'

export type Permission = 'read' | 'operate' | 'administer'

export interface Me {
  name: string
  role: 'viewer' | 'operator' | 'admin'
  permissions: Permission[]
  read_only: boolean
  login: boolean
  via: string
}

/** How a task that is sent again, or sent, goes on its way. Missing is as usual. */
export interface Way {
  queue?: string
  priority?: number
  /** Seconds from now. */
  countdown?: number
  /** Unix seconds. */
  eta?: number
  /** Seconds from the sending. */
  expires?: number
}

export interface Edit extends Way {
  args?: Raw
  kwargs?: Raw
}

export interface ActionRequest {
  action: ActionKind
  ids?: readonly string[]
  q?: string
  tz?: string
  workers?: readonly string[]
  name?: string
  queue?: string
  signal?: string
  n?: number
  min?: number
  max?: number
  rate?: string
  soft?: number
  hard?: number
  edit?: Edit
  /** Of several, also those that were sent again already. */
  again?: boolean
}

export interface Chosen {
  uuid: string
  state: string | null
  name: string | null
  fidelity: 'exact' | 'literal' | 'edited' | null
  why: string | null
}

export interface ActionPlan {
  id: string
  request: { action: string; q: string | null; ids: string[] | null; reason: string | null }
  actor: string
  made: number
  expires: number
  sentence: string
  count: number
  /** There are more than `count`. */
  capped: boolean
  /** False: they were not counted in time; there are at least `count`. */
  complete: boolean
  skipped: Record<string, number>
  by_state: Record<string, number>
  fidelity: Record<string, number>
  sample: Chosen[]
  consequences: string[]
  workers: string[]
  confirm: number | null
  impossible: string | null
}

export interface ActionReport {
  id: string
  state: 'planned' | 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted'
  sentence: string
  total: number
  done: number
  failed: number
  skipped: number
  workers: { worker: string; outcome: 'ok' | 'refused' | 'gone' | 'unknown'; answer: string | null }[]
  /** Why tasks failed, and why they were left out, with how many; sentences about the whole. */
  failures: Record<string, number>
  left_out: Record<string, number>
  notes: string[]
  /** New ids by the id of the task that they repeat; the first 1,000. */
  sent: Record<string, string>
  started: number | null
  finished: number | null
}

export interface Action {
  plan: ActionPlan
  report: ActionReport
}

export interface Apply extends Way {
  name: string
  args: Raw
  kwargs: Raw
  soft_time_limit?: number
  time_limit?: number
  task_id: string
  check: boolean
  reason?: string
}

export interface Applied {
  task_id: string
  state: string
}

/** What the result backend keeps. Values are as they are written there. */
export interface Result {
  task_id: string
  state: string
  result: Json | null
  exception: string | null
  traceback: string | null
  children: string[]
  date_done: number | null
  args: Json | null
  kwargs: Json | null
  unreadable: string | null
}

export interface Registered {
  name: string
  workers: number
  signature: string | null
  doc: string | null
}

export interface QueueRow {
  name: string
  ready: number | null
  unacknowledged: number | null
  consumers: number | null
  priorities: Record<string, number>
  kind: string | null
  trouble: string | null
  workers: string[] | null
}

export interface Queues {
  items: QueueRow[]
  capabilities: { transport: string; missing: Partial<Record<string, string>> }
  at: number
  missing: string[]
  more: number
}

export interface QueuedMessage {
  task_id: string | null
  name: string | null
  args: Json | null
  kwargs: Json | null
  eta: string | null
  expires: string | null
  retries: number | null
  priority: number | null
  size_bytes: number
  unreadable: string | null
}

export const INSPECTIONS = [
  'stats',
  'active',
  'reserved',
  'scheduled',
  'revoked',
  'registered',
  'queues',
  'conf',
] as const
export type Inspection = (typeof INSPECTIONS)[number]

export interface Inspected {
  worker: string
  inspection: Inspection
  value: Json | null
  at: number
  answered: boolean
  error: string | null
  left_out: number
}

export interface AuditEntry {
  at: number
  actor: string
  address: string
  via: string
  action: string
  target: string
  action_id: string | null
  query: string | null
  count: number | null
  outcome: string | null
  answer: string | null
  /** Why, in the person's own words. */
  reason: string | null
  /** Ids of tasks that it made; the first 20. */
  tasks: string[]
  number: number
}

export interface AuditPage {
  items: AuditEntry[]
  next: number | null
}
