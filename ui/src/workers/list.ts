/** Which workers the page shows, in which order, and what is odd about each. */

import type { Worker } from '../api/types'
import { formatDuration } from '../format/duration'

export const STATUSES = ['online', 'unknown', 'silent', 'offline'] as const
export type Status = (typeof STATUSES)[number]

/** What the address asks for: a part of the name, and one status or all. */
export interface WorkerSearch {
  name: string
  status: Status | null
}

/** More that are gone than this are folded away until they are asked for. */
export const GONE_SHOWN = 20
/** A clock is told to be off from this on, seconds. */
const SKEW_NOTED_S = 3

export interface Listed {
  rows: readonly Worker[]
  /** Those that are silent or offline and folded away. */
  folded: number
}

export function readSearch(search: string): WorkerSearch {
  const parameters = new URLSearchParams(search)
  return {
    name: parameters.get('name') ?? '',
    status: STATUSES.find((one) => one === parameters.get('status')) ?? null,
  }
}

/** The query of an address for it; nothing that goes without saying. */
export function writeSearch({ name, status }: WorkerSearch): string {
  const parameters = new URLSearchParams()
  if (name !== '') parameters.set('name', name)
  if (status !== null) parameters.set('status', status)
  const query = parameters.toString()
  return query === '' ? '' : `?${query}`
}

/** The living first; many that are gone only when they are asked for. */
export function listed(workers: readonly Worker[], search: WorkerSearch, unfolded: boolean): Listed {
  const part = search.name.trim().toLowerCase()
  const found = workers.filter((worker) => worker.hostname.toLowerCase().includes(part))
  const chosen = search.status === null ? found : found.filter((worker) => worker.status === search.status)
  const isGone = (worker: Worker): boolean => worker.status === 'silent' || worker.status === 'offline'
  const gone = chosen.filter(isGone).toSorted((a, b) => (b.heard ?? 0) - (a.heard ?? 0))
  const fold = !unfolded && search.status === null && part === '' && gone.length > GONE_SHOWN
  const living = chosen.filter((worker) => !isGone(worker)).toSorted((a, b) => rank(a) - rank(b))
  const rows = fold ? living : [...living, ...gone]
  return { rows, folded: fold ? gone.length : 0 }
}

/** How many there are of each status. */
export function byStatus(workers: readonly Worker[]): Record<Status, number> {
  const counts = { online: 0, unknown: 0, silent: 0, offline: 0 }
  for (const worker of workers) counts[worker.status] += 1
  return counts
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

function rank(worker: Worker): number {
  return STATUSES.indexOf(worker.status)
}
