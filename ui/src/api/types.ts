/**
 * The HTTP API's values, named as the server names them. Times are Unix seconds, durations
 * are seconds. Whatever is not known is null.
 */

export const STATES = [
  'PENDING',
  'RECEIVED',
  'STARTED',
  'RETRY',
  'REJECTED',
  'REVOKED',
  'FAILURE',
  'SUCCESS',
] as const

export type State = (typeof STATES)[number]

/** What is odd about a task; `task/flags.ts` says each in a sentence. */
export type Flag = 'redelivered' | 'ran-again' | 'partial' | 'shortened' | 'expired' | 'terminated'

/** Texts of a task that a list may cut. */
export const TEXTS = ['args', 'kwargs', 'result', 'exception'] as const
export type CutText = (typeof TEXTS)[number]

/** A task as lists show it. `args`, `kwargs` and `result` are Python reprs, as Celery cut them. */
export interface TaskRow {
  uuid: string
  state: State
  seen: number
  timestamp: number
  /** When Umbel took in the last of its events, by its own clock. */
  changed: number | null
  name: string | null
  worker: string | null
  queue: string | null
  sent: number | null
  received: number | null
  started: number | null
  finished: number | null
  succeeded: number | null
  failed: number | null
  retried: number | null
  revoked: number | null
  rejected: number | null
  runtime: number | null
  wait: number | null
  retries: number
  eta: number | null
  expires: number | null
  root_id: string | null
  parent_id: string | null
  args: string | null
  kwargs: string | null
  result: string | null
  exception: string | null
  exchange: string | null
  routing_key: string | null
  client: string | null
  pid: number | null
  clock: number | null
  flags: readonly string[]
  intent: Intent | null
  /** What speaks against its state. */
  doubt: Doubt | null
  /** How often it was sent again; in lists alone. */
  repeated?: number
  /** Which texts a list that would be too large shows the beginning of; in lists alone. */
  cut?: readonly CutText[]
}

/** Why a task may no longer wait or run, though no event says so. */
export interface Doubt {
  why: 'expired' | 'worker-offline' | 'worker-silent' | 'worker-restarted' | 'blind' | 'gap' | 'not-held'
  since: number | null
  worker: string | null
}

/** A task that was sent to do another again; `state` is null while nothing was heard of it. */
export interface Repetition {
  task_id: string
  at: number
  actor: string
  state: State | null
}

/** What somebody asked of a task that has not ended yet. */
export interface Intent {
  kind: 'revoke' | 'terminate' | 'abort'
  at: number
  actor: string
  action_id: string
}

/** One delivery and what came of it. The server leaves out what it does not know. */
export interface Attempt {
  number: number
  state: State
  worker?: string | null
  pid?: number | null
  sent?: number | null
  eta?: number | null
  received?: number | null
  started?: number | null
  ended?: number | null
  runtime?: number | null
  exception?: string | null
  traceback?: string | null
  redelivered?: boolean
  /** The name in the message, where the worker tells another (a shadow). */
  sent_as?: string | null
}

/** An event of the application's own; `detail` is JSON text. */
export interface Note {
  type: string
  timestamp: number
  hostname: string
  detail: string
}

export interface Task extends TaskRow {
  traceback: string | null
  attempts: readonly Attempt[]
  notes: readonly Note[]
  /** Ids of the tasks that it was sent to do again. */
  repeats: readonly string[]
  /** Ids of those that were sent to do it again. */
  repeated_by: readonly string[]
  /** By whom, when, and what became of the first 100 of them. */
  repetitions: readonly Repetition[]
}

/** A span of time (Unix seconds) in which events may have passed unseen. */
export interface Gap {
  start: number
  end: number
  cause: string
  collector: string
}

/** What is missing in the time that an answer speaks of. */
export interface Incomplete {
  start: number | null
  end: number | null
  missed_s: number
  lost: number
  gaps: readonly Gap[]
}

export interface TaskPage {
  items: TaskRow[]
  next: string | null
  complete: boolean
  reached: number | null
  sentence: string
  seq: number
  incomplete?: Incomplete | null
}

export interface Count {
  total: number
  capped: boolean
  /** Time ran out if not: there are at least `total`, and 0 says nothing. */
  complete: boolean
  groups: Record<string, number>
  /** The groups tell of all that match, and not only of those that were counted. */
  groups_complete: boolean
  incomplete?: Incomplete | null
}

export interface Chip {
  text: string
  start: number
  end: number
  field: string | null
  negated: boolean
}

export interface Understood {
  sentence: string
  canonical: string
  chips: Chip[]
}

export interface Suggestion {
  label: string
  insert: string
  kind: 'field' | 'value' | 'operator'
  start: number
  end: number
  count: number | null
  help: string | null
}

export interface Workflow {
  root_id: string
  tasks: TaskRow[]
  complete: boolean
}

export interface Worker {
  hostname: string
  status: 'online' | 'unknown' | 'silent' | 'offline'
  /** Since when nothing could be heard of it, if it is `unknown`. */
  unknown_since: number | null
  /** Its last sign of life of any kind, by the server's clock. */
  heard: number | null
  /** By how many seconds its own clock is ahead; behind is negative. */
  skew_s: number | null
  /** Since when it runs tasks and tells of none. */
  events_off_since: number | null
  /** Whether more than one worker speaks under its name. */
  shared_name: boolean
  heartbeat: number | null
  online: number | null
  offline: number | null
  pid: number | null
  active: number | null
  processed: number | null
  loadavg: readonly number[] | null
  sw_ident: string | null
  sw_ver: string | null
  sw_sys: string | null
}

export type Severity = 'error' | 'warning' | 'notice'

/** One thing that is wrong, and what to do about it. */
export interface Trouble {
  kind: string
  severity: Severity
  sentence: string
  remedy: string
  since: number | null
  count: number | null
  workers: readonly string[]
  action: 'enable_events' | null
}

export interface Live {
  state: 'live' | 'partial' | 'behind' | 'blind'
  lag_s: number | null
  sentence: string
  troubles: readonly Trouble[]
}

export interface Cluster {
  name: string
  label: string
  path: string
  role: string
  live: Live
  store: { tasks: number }
  rate: number
}

export interface Status {
  version: string
  now: number
  live: Live
  store: { tasks: number }
}

/** What changed for a search since the last event: see `frame/stream.svelte.ts`. */
export interface Changes {
  seq: number
  items: TaskRow[]
  /** Ids of those items that did not match before. */
  new: string[]
  left: string[]
  skipped: number | null
}
