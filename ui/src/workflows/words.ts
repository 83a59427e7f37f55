/** What a workflow is like, in words. */

import type { ExpectedTask, WorkflowDetail, WorkflowNode, WorkflowPause, WorkflowRow } from '../api/schema'
import type { State } from '../api/types'
import { formatDuration } from '../format/duration'
import { formatNumber, plural } from '../format/number'
import { isOver, readyAt, timesOf } from './bars'

const STATES: Record<WorkflowRow['state'], { mark: State; word: string }> = {
  running: { mark: 'STARTED', word: 'Running' },
  failed: { mark: 'FAILURE', word: 'Failed' },
  succeeded: { mark: 'SUCCESS', word: 'Succeeded' },
  unknown: { mark: 'UNKNOWN', word: 'Unknown' },
}

/** The state of a task whose icon and colour stand for it, and its word. */
export function workflowState(row: Pick<WorkflowRow, 'state'>): { mark: State; word: string } {
  return STATES[row.state]
}

/** "3 of 5 ended": of what is known so far. */
export function progressWords(row: Pick<WorkflowRow, 'ended' | 'tasks'>): string {
  return `${formatNumber(row.ended)} of ${formatNumber(row.tasks)} ended`
}

/** Why something that is to come does not come, or what it waits for; its name stands before it. */
export function expectedWords({ kind, state, members, ended, failed, returned, queue, result_state }: ExpectedTask): string {
  if (state === 'queued') return `its message waits in the queue ${queue ?? ''}`
  if (state === 'ended') return `no event told of it; the result backend has it as ${result_state ?? 'ended'}`
  if (kind === 'member' || kind === 'task') return 'was sent and not seen yet: it waits where nobody sees it, or its events were lost'
  if (kind === 'chord') {
    if (state === 'blocked') return `will not run: ${formatNumber(failed.length)}${failed.length >= 20 ? ' or more' : ''} of the ${formatNumber(members)} tasks that it waits for failed`
    if (state === 'due') return `not seen yet: ${members === 1 ? 'the task that it waits for has' : `all ${formatNumber(members)} tasks that it waits for have`} succeeded`
    return `waits for ${plural(members, 'task')}, ${returned === null ? `${formatNumber(ended)} have ended` : `${formatNumber(returned)} have returned`}`
  }
  if (state === 'blocked') return 'will not run: a task before it in the chain failed'
  return state === 'due' ? 'not seen yet: the task before it has succeeded' : 'waits for the task before it in the chain'
}

/** The same in two words, for its row. */
export function expectedState({ state }: Pick<ExpectedTask, 'state'>): string {
  return { blocked: 'will not run', due: 'not seen yet', waiting: 'waits', queued: 'waits in a queue', ended: 'ended, not seen' }[state]
}

/** "3 tasks wait": of those in a paused queue. */
export function waitWords({ tasks }: Pick<WorkflowPause, 'tasks'>): string {
  return plural(tasks, 'task waits', 'tasks wait')
}

/** What becomes of a workflow when a task of it is sent again; the plan says the same at greater length. */
export function retryWords(node: WorkflowNode, expected: readonly ExpectedTask[]): string {
  const after = expected.find(({ failed, kind }) => kind === 'chain' && failed.includes(node.uuid))
  const left = [
    ...(node.chord_id === null ? [] : ['the body of its chord stays blocked, also when it succeeds']),
    ...(after === undefined ? [] : [`${after.name ?? 'the next step of its chain'} is not sent after it`]),
  ]
  return `Sends this task again, alone: ${left.length > 0 ? left.join(', ') : 'callbacks and next steps of a chain are not sent after it'}`
}

/** Who told of a group, chord or chain. */
export function sourceWords(source: ExpectedTask['source']): string {
  return { worker: 'told by its worker', results: 'told by the result backend', message: 'told by a waiting message' }[source]
}

/** "4 tasks on the critical path, which ran 62 % of the time"; "" without one. */
export function pathWords({ path }: Pick<WorkflowDetail, 'path'>): string {
  if (path.steps.length === 0) return ''
  return `${plural(path.steps.length, 'task')}, ran ${percent(path.run_share)} of the time`
}

/** The title of an error, as tasks have it: an id, and a title. */
export function titleOfError(error: string): string {
  return error.slice(error.indexOf(' ') + 1)
}

export function percent(part: number): string {
  return part > 0 && part < 0.01 ? '< 1 %' : `${Math.round(part * 100)} %`
}

/** The task that held the workflow longest, of those that decided when it ended. */
export function longestStep({ path, tasks }: Pick<WorkflowDetail, 'path' | 'tasks'>): { uuid: string; name: string | null; share: number; seconds: number } | null {
  const step = path.steps.toSorted((a, b) => b.share - a.share)[0]
  if (step === undefined || path.steps.length < 2) return null
  const name = tasks.find(({ uuid }) => uuid === step.uuid)?.name ?? null
  return { uuid: step.uuid, name, share: step.share, seconds: step.end - step.start }
}

/** "waited 1.0 s, ran 3.0 s", as far as it was told. */
export function timesWords(node: WorkflowNode, now: number): string {
  const { waited, ran } = timesOf(node, now)
  if (!isOver(node.state)) return waited === null ? '' : ran === null ? `waits for ${formatDuration(waited)}` : `waited ${formatDuration(waited)}, runs for ${formatDuration(ran)}`
  if (waited !== null) return `waited ${formatDuration(waited)}${ran !== null ? `, ran ${formatDuration(ran)}` : node.started === null ? '' : '; its end was not told'}`
  if (node.finished !== null) return `${formatDuration(Math.max(0, node.finished - readyAt(node)))} until its end; its start was not told`
  return 'its times were not told'
}

/** The same for a box of the graph: of one, or the longest of many; "" if nothing was told. */
export function boxTimes(nodes: readonly WorkflowNode[], now: number): string {
  if (nodes.length === 0) return ''
  const most = (of: 'waited' | 'ran'): number | null => nodes.reduce((longest: number | null, node) => {
    const seconds = timesOf(node, now)[of]
    return seconds === null ? longest : Math.max(longest ?? 0, seconds)
  }, null)
  const upTo = nodes.length > 1 ? '≤ ' : ''
  const words = [['ran', most('ran')], ['waited', most('waited')]] as const
  return words.flatMap(([word, seconds]) => (seconds === null ? [] : [`${word} ${upTo}${formatDuration(seconds)}`])).join(', ') || 'times not told'
}

/** How many are in each state, most first. */
export function countStates(nodes: readonly { state: string }[]): { state: State; count: number }[] {
  const counts = new Map<State, number>()
  for (const { state } of nodes) counts.set(state as State, (counts.get(state as State) ?? 0) + 1)
  return [...counts].map(([state, count]) => ({ state, count })).sort((a, b) => b.count - a.count)
}
