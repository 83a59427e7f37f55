/** In which order workers stand: what wants attention first. */

import type { Worker } from '../api/types'

const STATUSES: readonly Worker['status'][] = ['silent', 'unknown', 'online', 'offline']

/** Those that stopped answering, then those of which nothing is known, then the busiest; those that said goodbye last. */
export function silentFirst(workers: readonly Worker[]): Worker[] {
  const rank = ({ status }: Worker): number => STATUSES.indexOf(status)
  return workers.toSorted((a, b) => rank(a) - rank(b) || (b.active ?? 0) - (a.active ?? 0) || (a.hostname < b.hostname ? -1 : 1))
}
