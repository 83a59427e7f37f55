/** In which order queues and workers stand: what wants attention first. */

import type { QueueRow } from '../api/control_types'
import type { Worker } from '../api/types'

/** Queues that nobody consumes and in which messages wait, then the fullest, then by name. */
export function troubledFirst(queues: readonly QueueRow[]): QueueRow[] {
  const rank = (queue: QueueRow): number => (queue.ready && queue.workers?.length === 0 && !queue.consumers ? 1 : 0)
  return queues.toSorted((a, b) => rank(b) - rank(a) || (b.ready ?? 0) - (a.ready ?? 0) || (a.name < b.name ? -1 : 1))
}

const STATUSES: readonly Worker['status'][] = ['silent', 'unknown', 'online', 'offline']

/** Those that stopped answering, then those of which nothing is known, then the busiest; those that said goodbye last. */
export function silentFirst(workers: readonly Worker[]): Worker[] {
  const rank = ({ status }: Worker): number => STATUSES.indexOf(status)
  return workers.toSorted((a, b) => rank(a) - rank(b) || (b.active ?? 0) - (a.active ?? 0) || (a.hostname < b.hostname ? -1 : 1))
}
