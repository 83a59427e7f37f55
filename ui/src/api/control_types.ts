/**
 * What is requested, planned and reported when somebody acts. Answers are those of `schema.ts`,
 * which is written from the OpenAPI document; requests hold JSON as a person wrote it (`Raw`).
 */

import type { Json } from '../json/parse'
import type { Raw } from '../json/body'
import type * as schema from './schema'
import type { Narrowed } from './types'

/** The fields of a request as the browser sends them: what is not given is left out, not null. */
type Sent<T> = { [K in keyof T]: NonNullable<T[K]> }

export type ActionKind = Exclude<schema.ActionRequestBody['action'], 'log_level'>
export type TaskAction = Extract<ActionKind, 'revoke' | 'terminate' | 'abort' | 'retry'>
export type WorkerAction = Exclude<ActionKind, TaskAction | 'purge' | 'pause' | 'resume'>

export type Permission = 'read' | 'operate' | 'administer'

export type Me = Narrowed<schema.Me, { via: string }>

/** How a task that is sent again, or sent, is delivered: `countdown` is seconds from now, `expires`
 * seconds from the sending, `eta` is Unix seconds. Missing is as usual. */
export type Delivery = Sent<Pick<schema.EditBody, 'queue' | 'priority' | 'countdown' | 'eta' | 'expires'>>

export type Edit = Narrowed<Sent<schema.EditBody>, { args?: Raw; kwargs?: Raw }>

/** With `again`, of several also those that were sent again already. */
export type ActionRequest = Narrowed<
  Sent<Omit<schema.ActionRequestBody, 'level' | 'reason'>>,
  { action: ActionKind; ids?: readonly string[]; workers?: readonly string[]; edit?: Edit }
>

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

export type Action = Narrowed<schema.Action, { plan: ActionPlan; report: ActionReport }>

export type Apply = Narrowed<
  Sent<
    Pick<schema.ApplyBody, keyof Delivery | 'name' | 'args' | 'kwargs' | 'soft_time_limit' | 'time_limit' | 'task_id' | 'check' | 'reason'>
  >,
  { args: Raw; kwargs: Raw; task_id?: string; check: boolean }
>

export type Applied = Pick<schema.Applied, 'task_id' | 'state'>

/** What the result backend keeps. Values are as they are written there. */
export type Result = Narrowed<
  Omit<schema.Result, 'name' | 'worker' | 'retries' | 'queue' | 'group_id'>,
  { result: Json | null; args: Json | null; kwargs: Json | null }
>

export type Registered = schema.RegisteredTask

export type TaskRoute = schema.TaskRoute

export type QueueRow = schema.ListedQueue

export type Queues = Narrowed<
  schema.ListedQueues,
  { capabilities: { transport: string; missing: Partial<Record<string, string>> } }
>

export type QueueProfile = Narrowed<schema.QueueProfile, Pick<Queues, 'capabilities'>>

export type ResumingQueue = schema.ResumingQueue

export type QueuedMessage = Narrowed<
  Omit<schema.QueuedMessage, 'headers'>,
  { args: Json | null; kwargs: Json | null; body: Json | null }
>

export type QueuePeek = Narrowed<schema.QueuePeek, { items: readonly QueuedMessage[] }>

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
