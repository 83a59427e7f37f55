/**
 * The HTTP API's values as the browser reads them: those of `schema.ts`, which is written from
 * the OpenAPI document, with words narrowed where the document leaves them open. Times are Unix
 * seconds, durations are seconds. Whatever is not known is null.
 */

import type * as schema from './schema'

/** `T` with some of its own fields narrowed; a name that `T` has not is a mistake. */
export type Narrowed<T, Fields extends { [K in keyof Fields]: K extends keyof T ? unknown : never }> = Omit<T, keyof Fields> & Fields

export const STATES = [
  'PENDING',
  'RECEIVED',
  'STARTED',
  'RETRY',
  'REJECTED',
  'UNKNOWN',
  'REVOKED',
  'FAILURE',
  'SUCCESS',
] as const

export type State = (typeof STATES)[number]

/** What is odd about a task; `task/flags.ts` says each in a sentence. */
export type Flag = 'redelivered' | 'ran-again' | 'partial' | 'shortened' | 'expired' | 'terminated' | 'reconciled'

/** Texts of a task that a list may cut. */
export const TEXTS = ['args', 'kwargs', 'result', 'exception'] as const
export type CutText = (typeof TEXTS)[number]

/** What the document leaves open of every task. */
interface TaskWords {
  state: State
  flags: readonly string[]
  intent: Intent | null
  /** What speaks against its state. */
  doubt: Doubt | null
}

/** A task as lists show it. `args`, `kwargs` and `result` are Python reprs, as Celery cut them. */
export type TaskRow = Narrowed<
  schema.TaskRow,
  TaskWords & {
    /** How often it was sent again; in lists alone. */
    repeated?: number
    /** Which texts a list that would be too large shows the beginning of; in lists alone. */
    cut?: readonly CutText[]
  }
>

/** Why a task may no longer wait or run, though no event says so; `not-held` is what its worker
 * says when it is asked. */
export type Doubt = Narrowed<schema.Doubt, { why: schema.Doubt['why'] | 'not-held' }>

/** A task that was sent to do another again; `state` is null while nothing was heard of it. */
export type Repetition = Narrowed<schema.Repetition, { state: State | null }>

/** What somebody asked of a task that has not ended yet. */
export type Intent = Narrowed<schema.IntentRow, { kind: 'revoke' | 'terminate' | 'abort' }>

/** One delivery and what came of it; what is not known may be left out. */
export type Attempt = Narrowed<Partial<schema.WholeAttempt>, { number: number; state: State }>

/** An event of the application's own; `detail` is JSON text. */
export type Note = schema.Note

export type Task = Narrowed<
  schema.WholeTask,
  TaskWords & {
    attempts: readonly Attempt[]
    notes: readonly Note[]
    /** Ids of the tasks that it was sent to do again, and of those that were sent to do it again. */
    repeats: readonly string[]
    repeated_by: readonly string[]
    /** By whom and when it was repeated, and what became of each; of the latter the first 100. */
    origins: readonly Repetition[]
    repetitions: readonly Repetition[]
    /** What was asked of it last, also once it ended. */
    last_intent: Intent | null
  }
> &
  Pick<TaskRow, 'repeated' | 'cut'>

/** A span of time (Unix seconds) in which events may have passed unseen. */
export type Gap = Narrowed<schema.KeptGap, { cause: string }>

/** What is missing in the time that an answer speaks of. */
export type Incomplete = Narrowed<schema.Incomplete, { gaps: readonly Gap[] }>

/** A task of one of several clusters. */
export type ClusterTaskRow = Narrowed<schema.ClusterTaskRow, TaskWords & Pick<TaskRow, 'repeated' | 'cut'>>
export type SearchedCluster = Narrowed<schema.SearchedCluster, { incomplete?: Incomplete | null }>

/** Tasks of all clusters that match. */
export type AllTasks = Narrowed<schema.AllTasks, { items: ClusterTaskRow[]; clusters: SearchedCluster[] }>
export type AllCount = schema.AllCount

export type TaskPage = Narrowed<schema.TaskPage, { items: TaskRow[]; incomplete?: Incomplete | null }>

/** Time ran out if it is not `complete`: there are at least `total`, and 0 says nothing. The
 * groups tell of all that match with `groups_complete`, else of those that were counted. */
export type Count = Narrowed<schema.Count, { incomplete?: Incomplete | null }>

export type Chip = schema.Chip
export type Understood = schema.QueryReading
export type Suggestion = schema.Completion


export type Worker = Narrowed<
  schema.ListedWorker,
  { status: 'online' | 'unknown' | 'silent' | 'offline'; loadavg: readonly number[] | null }
>

export type WorkerList = Narrowed<schema.WorkerList, { items: readonly Worker[] }>

export type Severity = schema.Trouble['severity']

/** One thing that is wrong, and what to do about it; kinds may be added. */
export type Trouble = Narrowed<schema.Trouble, { kind: string; workers: readonly string[] }>

export type Live = Narrowed<schema.Liveness, { troubles: readonly Trouble[] }>

/** Of the status, what pages use; open streams tell it every two seconds. */
export type Status = Pick<schema.Status, 'version' | 'now'> & { live: Live; store: Pick<schema.StoreStatus, 'tasks'> & Partial<Pick<schema.StoreStatus, 'oldest'>> }

/** What changed for a search since the last event: see `frame/stream.svelte.ts`. `skipped` is null
 * when nobody knows how many. */
export type Changes = Narrowed<schema.Changes, { items: TaskRow[]; skipped: number | null }>

/** A cluster as the list of all shows it. */
export type Cluster = Narrowed<schema.ClusterRow, { live: Live; store: Pick<schema.Stored, 'tasks'> }>
