/** What the parts show in the gallery: the same at each visit. */

import type { Buckets, Series } from '../parts/chart'
import type { Column } from '../parts/table'

export interface Queue {
  name: string
  ready: number | null
  workers: string[]
}

export const FEW: readonly Queue[] = [
  { name: 'mail', ready: 1204, workers: ['orders@vm', 'media@vm'] },
  { name: 'شحن-سريع', ready: 3, workers: ['media@vm'] },
  { name: 'a.queue.whose.name.is.so.long.that.it.has.to.be.broken.somewhere.on.a.telephone', ready: null, workers: [] },
]
export const MANY: readonly Queue[] = Array.from({ length: 5_000 }, (_, index) => ({
  name: `queue-${index}`,
  ready: (index * 7919) % 1_000,
  workers: index % 3 === 0 ? [] : [`worker-${index % 40}@vm`],
}))
export const COLUMNS: readonly Column<Queue>[] = [
  { key: 'name', title: 'Queue', heading: true, sort: ({ name }) => name },
  { key: 'ready', title: 'Waiting', number: true, sort: ({ ready }) => ready },
  { key: 'workers', title: 'Workers', sort: ({ workers }) => workers.length },
  { key: 'actions', title: 'Actions', controls: true },
]

const NOON = Date.UTC(2026, 10, 22, 12) / 1000
const LENGTH = 60
/** A wave with noise that is the same each time; whole numbers from 0 to `height`. */
function wave(height: number, shift: number): number[] {
  return Array.from({ length: LENGTH }, (_, at) =>
    Math.round((height / 2) * (1 + Math.sin(at / 6 + shift)) * (0.8 + ((at * 7919) % 40) / 200)),
  )
}

export const BUCKETS: Buckets = { starts: Array.from({ length: LENGTH }, (_, at) => NOON + at * 60), length_s: 60, partial: 1 }
export const STATES: readonly Series[] = [
  { key: 'failure', label: 'Failure', tone: 'failure', values: wave(12, 2) },
  { key: 'retry', label: 'Retry', tone: 'retry', values: wave(8, 1) },
  { key: 'success', label: 'Success', tone: 'success', values: wave(80, 0) },
]
export const DURATIONS: readonly Series[] = [
  { key: 'p50', label: 'p50', tone: 'started', values: wave(4, 0).map((value, at) => (at > 20 && at < 26 ? null : value + 1)) },
  { key: 'p95', label: 'p95', tone: 'revoked', values: wave(9, 0).map((value, at) => (at > 20 && at < 26 ? null : value + 4)) },
]
export const NOTHING: readonly Series[] = [{ key: 'none', label: 'None', tone: 'accent', values: BUCKETS.starts.map(() => 0) }]
