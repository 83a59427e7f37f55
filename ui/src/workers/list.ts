/** Which workers the page shows, as its address says, and what is odd about each. */

import type { Worker } from '../api/types'
import { formatDuration } from '../format/duration'
import { searchOf } from '../frame/address'
import type { Order } from '../parts/table'

export const STATUSES = ['online', 'unknown', 'silent', 'offline'] as const
export type Status = (typeof STATUSES)[number]

/** By what workers fold into groups. */
export const GROUPINGS = ['deployment', 'host', 'version'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** What the address asks for: a part of a name or queue, a status, groups and which of them are
 * open, the order, and whether those are shown that are gone. */
export interface WorkerSearch {
  name: string
  status: Status | null
  by: Grouping | null
  open: readonly string[]
  order: Order | null
  gone: boolean
}

/** More that are gone than this are folded away until they are asked for. */
export const GONE_SHOWN = 20
/** A clock is told to be off from this on, seconds. */
export const SKEW_NOTED_S = 3

const OURS = ['name', 'status', 'by', 'open', 'sort', 'gone'] as const

export interface Listed {
  rows: readonly Worker[]
  /** Those that are silent or offline and folded away. */
  folded: number
}

export function readSearch(search: string): WorkerSearch {
  const parameters = new URLSearchParams(search)
  const sort = parameters.get('sort') ?? ''
  return {
    name: parameters.get('name') ?? '',
    status: STATUSES.find((one) => one === parameters.get('status')) ?? null,
    by: GROUPINGS.find((one) => one === parameters.get('by')) ?? null,
    open: parameters.getAll('open'),
    order: sort === '' ? null : { key: sort.replace(/^-/, ''), descending: sort.startsWith('-') },
    gone: parameters.get('gone') === 'shown',
  }
}

/** The query of an address for it, beside what else it says; nothing that goes without saying. */
export function writeSearch(parameters: string, { name, status, by, open, order, gone }: WorkerSearch): string {
  const written = new URLSearchParams(parameters)
  for (const one of OURS) written.delete(one)
  if (name !== '') written.set('name', name)
  if (status !== null) written.set('status', status)
  if (by !== null) {
    written.set('by', by)
    for (const one of open) written.append('open', one)
  }
  if (order !== null) written.set('sort', `${order.descending ? '-' : ''}${order.key}`)
  if (gone) written.set('gone', 'shown')
  return searchOf(written)
}

/** The living first; many that are gone only when they are asked for. */
export function listed(workers: readonly Worker[], { name, status, by, gone: shown }: WorkerSearch): Listed {
  const words = name.toLowerCase().split(/\s+/).filter(Boolean)
  const found = words.length === 0 ? workers : workers.filter((worker) => hasAll(worker, words))
  const chosen = status === null ? found : found.filter((worker) => worker.status === status)
  const gone = chosen.filter(isGone).toSorted((a, b) => (b.heard ?? 0) - (a.heard ?? 0))
  const fold = !shown && status === null && by === null && words.length === 0 && gone.length > GONE_SHOWN
  const living = chosen.filter((worker) => !isGone(worker)).toSorted((a, b) => rank(a) - rank(b))
  const rows = fold ? living : [...living, ...gone]
  return { rows, folded: fold ? gone.length : 0 }
}

export function isGone({ status }: Worker): boolean {
  return status === 'silent' || status === 'offline'
}

/** How many there are of each status. */
export function byStatus(workers: readonly Worker[]): Record<Status, number> {
  const counts = { online: 0, unknown: 0, silent: 0, offline: 0 }
  for (const worker of workers) counts[worker.status] += 1
  return counts
}

/** "Celery 5.7.0"; what else calls itself a worker by its own name. */
export function versionOf({ sw_ident, sw_ver }: Worker): string | null {
  return [sw_ident === 'py-celery' ? 'Celery' : sw_ident, sw_ver].filter(Boolean).join(' ') || null
}

/** What a worker consumes, and what it would if nobody had paused it, by name; null where neither is known. */
export function queuesOf({ queues, paused_queues }: Worker): { name: string; paused: boolean }[] | null {
  if (queues === null && paused_queues.length === 0) return null
  // What it told may be older than the pause.
  const consumed = (queues ?? []).filter((name) => !paused_queues.includes(name))
  return [...paused_queues.map((name) => ({ name, paused: true })), ...consumed.map((name) => ({ name, paused: false }))]
}

/** What a person should know of a worker, each as a sentence. */
export function oddities(worker: Worker): string[] {
  const sentences: string[] = []
  if (worker.skew_s !== null && Math.abs(worker.skew_s) >= SKEW_NOTED_S) {
    sentences.push(`Its clock is ${formatDuration(Math.abs(worker.skew_s))} ${worker.skew_s > 0 ? 'ahead' : 'behind'}.`)
  }
  if (worker.shared_name) {
    sentences.push('More than one worker uses this name: start each with a name of its own (-n).')
  }
  if (worker.heartbeat === null && worker.status !== 'offline') sentences.push('It sends no heartbeats.')
  return sentences
}

function wordsOf({ name, paused }: { name: string; paused: boolean }): string {
  return paused ? `${name} paused` : name
}

function hasAll(worker: Worker, words: readonly string[]): boolean {
  const text = [worker.hostname, ...(queuesOf(worker) ?? []).map(wordsOf), versionOf(worker) ?? ''].join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

function rank(worker: Worker): number {
  return STATUSES.indexOf(worker.status)
}
