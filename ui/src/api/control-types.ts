/**
 * What is requested, planned and reported when somebody acts. Answers are those of `schema.ts`,
 * which is written from the OpenAPI document; requests hold JSON as a person wrote it (`Raw`).
 */

import type { Json } from '../json/parse'
import type { Raw } from '../json/body'
import type * as schema from './schema'
import type { Narrowed } from './types'

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

export type Me = Narrowed<schema.Me, { via: string }>

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

export type Chosen = schema.Chosen

/** There are more than `count` if it is `capped`, and at least `count` if it is not `complete`. */
export type ActionPlan = Narrowed<
  schema.ActionPlan,
  { request: { action: string; q: string | null; ids: string[] | null; reason: string | null } }
>

/** `failures` and `left_out` count tasks by the sentence that says why; `sent` has new ids by the id
 * of the task that they repeat, the first 1,000. */
export type ActionReport = Narrowed<
  schema.ActionReport,
  { workers: Pick<schema.WorkerAnswer, 'worker' | 'outcome' | 'answer'>[] }
>

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

export type Applied = Pick<schema.Applied, 'task_id' | 'state'>

/** What the result backend keeps. Values are as they are written there. */
export type Result = Narrowed<
  Omit<schema.Result, 'name' | 'worker' | 'retries' | 'queue' | 'group_id'>,
  { result: Json | null; args: Json | null; kwargs: Json | null }
>

export type Registered = schema.RegisteredTask

export type QueueRow = schema.QueueRow

export type Queues = Narrowed<
  schema.Queues,
  { capabilities: { transport: string; missing: Partial<Record<string, string>> } }
>

export type QueuedMessage = Narrowed<
  Pick<
    schema.QueuedMessage,
    'task_id' | 'name' | 'args' | 'kwargs' | 'eta' | 'expires' | 'retries' | 'priority' | 'size_bytes' | 'unreadable'
  >,
  { args: Json | null; kwargs: Json | null }
>

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

export type Inspected = Narrowed<schema.Inspected, { inspection: Inspection; value: Json | null }>

/** `reason` is why, in the person's own words; `tasks` are ids of tasks that it made, the first 20. */
export type AuditEntry = schema.AuditEntry

export type AuditPage = schema.AuditPage
