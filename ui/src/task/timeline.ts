/**
 * What happened to a task, laid out in time: for each attempt the spans in which it was held,
 * waited and ran, and a list of all moments.
 *
 * Clocks of machines differ, so an end may come before its start: a span then has no length,
 * and its words keep to what the worker itself measured.
 */

import type { Attempt, State, Task } from '../api/types'
import { formatDuration, formatElapsed } from '../format/duration'
import { knownUntil } from './doubt'

export interface Span {
  kind: 'hold' | 'wait' | 'run'
  from: number
  to: number
  /** It still goes on. */
  open: boolean
}

export interface TimelineRow {
  attempt: Attempt
  title: string
  words: string
  spans: Span[]
  /** The moments of this attempt, in order. */
  steps: Step[]
  /** What it ended with, where that is not the task's own error: the text, or "the same error". */
  error: string | null
}

export interface Step {
  at: number
  state: State
  what: string
  where: string | null
}

export interface Timeline {
  from: number
  to: number
  rows: TimelineRow[]
}

const ENDED: ReadonlySet<State> = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'RETRY'])
const THEN: Partial<Record<State, string>> = {
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  RETRY: 'asked for a retry',
  REVOKED: 'was revoked',
  REJECTED: 'was rejected',
}

export function timeline(task: Task, at: number): Timeline {
  const now = knownUntil(task, at)
  const attempts = task.attempts.length > 0 ? task.attempts : [unseen(task)]
  const rows = attempts.map((_, at) => timelineRow(at, attempts, task, now))
  const times = [
    ...rows.flatMap((one) => one.steps.map((step) => step.at)),
    ...rows.flatMap((one) => one.spans.flatMap((span) => [span.from, span.to])),
  ]
  const from = times.length > 0 ? Math.min(...times) : task.seen
  const to = times.length > 0 ? Math.max(...times) : task.timestamp
  return { from, to, rows }
}

/** Where a moment stands between the ends of the timeline, 0 to 1. */
export function position(at: number, { from, to }: { from: number; to: number }): number {
  return to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0
}

/** "+0.5 ms", "+12.250 s", "+2 min 5 s" after `start`: as exact as the others of a list that lasts
 * `whole` seconds. */
export function offsetWithin(whole: number, at: number, start: number): string {
  const offset = at - start
  const size = Math.abs(offset)
  const sign = offset < 0 ? '−' : '+'
  if (whole < 1) return `${sign}${(size * 1000).toFixed(1)} ms`
  return whole < 60 ? `${sign}${size.toFixed(3)} s` : `${sign}${formatElapsed(size)}`
}

/** A task of which only the sending is known: it waits. */
function unseen(task: Task): Attempt {
  return { number: task.retries, state: 'PENDING', sent: task.sent, eta: task.eta }
}

function isOver(task: Task): boolean {
  return task.state === 'SUCCESS' || task.state === 'FAILURE' || task.state === 'REVOKED' || task.state === 'UNKNOWN'
}

function timelineRow(at: number, all: readonly Attempt[], task: Task, now: number): TimelineRow {
  const attempt = all[at] ?? unseen(task)
  const spans = spansOf(attempt, isOver(task), now)
  const again = attempt.redelivered ? ', delivered again' : ''
  const title = all.length === 1 ? 'The only attempt' : `Attempt ${attempt.number + 1}${again}`
  const steps = stepsOf(attempt, task).sort((one, other) => one.at - other.at)
  const error = errorOf(attempt, all[at - 1], task)
  return { attempt, title, words: wordsOf(attempt, spans, task.doubt !== null), spans, steps, error }
}

/** The error of an attempt; told once for neighbours that had the same, and never beside the task's own. */
function errorOf({ exception }: Attempt, before: Attempt | undefined, task: Task): string | null {
  if (!exception || exception === task.exception) return null
  return exception === before?.exception ? 'the same error' : exception
}

/** Whether the sender's clock says that it was sent after a worker had it: how long it waited is not known. */
function clocksDiffer({ sent, received, started }: Attempt): boolean {
  const had = received ?? started
  return sent != null && had != null && sent > had
}

function spansOf(attempt: Attempt, over: boolean, now: number): Span[] {
  const { started = null, ended = null, eta = null } = attempt
  const begun = clocksDiffer(attempt) ? (attempt.received ?? null) : (attempt.sent ?? attempt.received ?? null)
  const spans: Span[] = []
  if (begun !== null) {
    const open = started === null && ended === null && !over
    const until = started ?? ended ?? (open ? now : begun)
    const held = eta !== null && eta > begun ? Math.min(eta, until) : begun
    if (held > begun) spans.push({ kind: 'hold', from: begun, to: held, open: open && held === until })
    if (until > held) spans.push({ kind: 'wait', from: held, to: until, open })
  }
  if (started !== null) {
    const open = ended === null && attempt.state === 'STARTED' && !over
    const until = ended ?? (open ? now : started)
    spans.push({ kind: 'run', from: started, to: Math.max(started, until), open })
  }
  return spans
}

function wordsOf(attempt: Attempt, spans: readonly Span[], doubted: boolean): string {
  const parts = spans.map((span) => {
    const run = span.kind === 'run' ? attempt.runtime : null
    const whole = span.to - span.from
    const length = span.open ? formatElapsed(whole) : formatDuration(run ?? whole)
    if (span.kind === 'hold') return span.open ? `held for its ETA, ${length} so far` : `held ${length} for its ETA`
    if (span.open && doubted) return `${span.kind === 'run' ? 'running' : 'waiting'} when last heard, for ${length}`
    if (span.kind === 'wait') return span.open ? `waiting for ${length}` : `waited ${length}`
    return span.open ? `running for ${length}` : `ran ${length}`
  })
  if (clocksDiffer(attempt)) parts.unshift('clocks differ, so how long it waited is not known')
  const isEnded = ENDED.has(attempt.state)
  if (isEnded && attempt.started == null) parts.push('never seen to start')
  const then = THEN[attempt.state]
  return [parts.join(', '), isEnded && then ? then : null].filter(Boolean).join(', then ')
}

function stepsOf(attempt: Attempt, task: Task): Step[] {
  const worker = attempt.worker ?? null
  const steps: Step[] = []
  const add = (at: number | null | undefined, state: State, what: string, where: string | null): void => {
    if (at != null) steps.push({ at, state, what, where })
  }
  const again = attempt.number > 0 ? ` for attempt ${attempt.number + 1}` : ''
  const queue = task.queue === null ? '' : ` to queue ${task.queue}`
  if (!attempt.redelivered) {
    add(attempt.sent, 'PENDING', `Sent${again}${queue}`, attempt.number === 0 ? task.client : null)
  }
  add(attempt.received, 'RECEIVED', attempt.redelivered ? 'Received again' : 'Received', worker)
  add(attempt.started, 'STARTED', 'Started', worker)
  const then = THEN[attempt.state]
  if (then) add(attempt.ended, attempt.state, then.charAt(0).toUpperCase() + then.slice(1), worker)
  return steps
}
