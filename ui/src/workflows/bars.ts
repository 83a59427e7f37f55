/** What a task of a workflow did when: waits and runs on the time axis, retries in lanes of their own. */

import type { WorkflowNode } from '../api/schema'
import type { State } from '../api/types'
import { stateColour } from '../parts/icons'

export interface Bar {
  /** `unclear`: it waited and ran, and nobody told since when; `mark`: the last that is known, its end was not told. */
  kind: 'wait' | 'run' | 'unclear' | 'mark'
  /** Unix seconds. */
  from: number
  to: number
  state: State
  /** It goes on. */
  open: boolean
  lane: number
}

/** A row holds no more lanes than these; the last ones are shown. */
const RUNS_MAX = 4
const OVER: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'UNKNOWN'])

/** Without a start, these are taken to have waited until their end. */
const NEVER_RAN: ReadonlySet<string> = new Set(['REVOKED', 'REJECTED'])

export function isOver(state: string): boolean {
  return OVER.has(state)
}

/** What went well is the ground on which the rest stands out. */
export function barColour(state: State): string {
  return state === 'SUCCESS' ? 'var(--success-bar)' : stateColour(state)
}

/** When the task could begin to wait. */
export function readyAt(node: Pick<WorkflowNode, 'seen' | 'sent'>): number {
  return node.sent === null ? node.seen : Math.min(node.seen, node.sent)
}

/** When it ended; `now` while it has not, and the last that is known of it if nobody told its end. */
export function endOf(node: WorkflowNode, now: number): number {
  const lastTime = node.finished ?? (isOver(node.state) ? (node.started ?? node.received) : now)
  return Math.max(readyAt(node), lastTime ?? readyAt(node))
}

/** The bars of a task, at `now`, and in how many lanes. */
export function barsOf(node: WorkflowNode, now: number): { bars: Bar[]; lanes: number } {
  const runs = node.runs.filter((run) => run.started !== null).slice(-RUNS_MAX)
  if (runs.length < 2) return { bars: single(node, now), lanes: 1 }
  const bars: Bar[] = []
  let free = readyAt(node)
  runs.forEach((run, lane) => {
    const from = run.started ?? free
    const open = run.ended === null && !isOver(node.state)
    const to = Math.max(from, run.ended ?? (open ? now : from))
    if (from > free) bars.push({ kind: 'wait', from: free, to: from, state: 'PENDING', open: false, lane })
    bars.push({ kind: 'run', from, to, state: run.state as State, open, lane })
    free = Math.max(free, to)
  })
  return { bars, lanes: runs.length }
}

function single(node: WorkflowNode, now: number): Bar[] {
  const [ready, end] = [readyAt(node), endOf(node, now)]
  const state = node.state as State
  const open = !isOver(node.state)
  const from = node.started === null ? ready : Math.max(ready, node.started)
  const waited = (to: number): Bar[] => (to > ready ? [{ kind: 'wait', from: ready, to, state: 'PENDING', open: false, lane: 0 }] : [])
  if (!open && node.finished === null) return [...waited(end), { kind: 'mark', from: end, to: end, state, open, lane: 0 }]
  if (node.started !== null) return [...waited(from), { kind: 'run', from, to: Math.max(from, end), state, open, lane: 0 }]
  const kind = open || NEVER_RAN.has(node.state) ? 'wait' : 'unclear'
  return [{ kind, from: ready, to: end, state, open, lane: 0 }]
}

/** How long a task waited and ran at `now`, in seconds; null of what nobody told. */
export function timesOf(node: WorkflowNode, now: number): { waited: number | null; ran: number | null } {
  const open = !isOver(node.state)
  const end = node.finished ?? (open ? now : null)
  if (node.started === null) {
    const isWait = open || NEVER_RAN.has(node.state)
    return { waited: isWait && end !== null ? Math.max(0, end - readyAt(node)) : null, ran: null }
  }
  const ran = end === null ? null : Math.max(0, end - node.started)
  return { waited: Math.max(0, node.started - readyAt(node)), ran: node.runtime ?? ran }
}

/** When something ran, or may have, of all tasks: from when to when each. */
export function spansOf(nodes: readonly WorkflowNode[], now: number): [number, number][] {
  return nodes.flatMap((node) =>
    barsOf(node, now).bars.flatMap(({ kind, from, to }): [number, number][] => (kind === 'wait' ? [] : [[from, to]])),
  )
}
