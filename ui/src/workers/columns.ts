/** The columns of the list of workers, and by what each sorts workers and groups of them. */

import type { Worker } from '../api/types'
import type { Column } from '../parts/table'
import { versionsOf, type Item, type Sum, type Sums } from './groups'
import { isGone, STATUSES, versionOf } from './list'

type Value = string | number | null

function by(ofWorker: (worker: Worker) => Value, ofGroup: (sums: Sums, workers: readonly Worker[]) => Value): (item: Item) => Value {
  return (item) => (item.kind === 'worker' ? ofWorker(item.worker) : ofGroup(item.sums, item.workers))
}

/** None is known of any: nothing to sort by. */
function sumOrNull(of: Sum, workers: readonly Worker[]): number | null {
  return workers.length > 0 && of.unknown >= workers.length ? null : of.value
}

/** The part of a pool that is busy; of an unknown pool, how much runs. */
function use(running: number | null, pool: number | null): number | null {
  return running === null ? null : running + (pool ? running / pool : 0) / 1e3
}

export const COLUMNS: readonly Column<Item>[] = [
  { key: 'select', title: 'Selected', controls: true },
  { key: 'worker', title: 'Worker', heading: true, wide: true, sort: (item) => (item.kind === 'worker' ? item.worker.hostname : item.title) },
  { key: 'status', title: 'Status', sort: by(({ status }) => STATUSES.indexOf(status), (_, workers) => workers.filter(isGone).length / workers.length) },
  { key: 'running', title: 'Running', number: true, sort: by(({ active, pool }) => use(active, pool), ({ running, pool }) => use(running.value, pool.value)) },
  { key: 'queues', title: 'Queues', spare: true, sort: by(({ queues }) => queues?.join(' ') ?? null, () => null) },
  { key: 'ended', title: 'Ended', number: true, sort: by(ended, ({ succeeded, failed }, workers) => sumOrNull({ value: succeeded.value + failed.value, unknown: succeeded.unknown }, workers)) },
  { key: 'failed', title: 'Failed', number: true, sort: by(({ failed }) => failed, ({ failed }, workers) => sumOrNull(failed, workers)) },
  { key: 'memory', title: 'Memory', number: true, spare: true, sort: by(({ memory_bytes }) => memory_bytes, ({ memory }, workers) => sumOrNull(memory, workers)) },
  { key: 'up', title: 'Up', number: true, sort: by(({ started }) => (started === null ? null : -started), ({ restarts }, workers) => sumOrNull(restarts, workers)) },
  { key: 'load', title: 'Load', number: true, spare: true, sort: by(({ loadavg }) => loadavg?.[0] ?? null, () => null) },
  { key: 'clock', title: 'Clock', number: true, spare: true, sort: by(({ skew_s }) => (skew_s === null ? null : Math.abs(skew_s)), () => null) },
  { key: 'events', title: 'Events', spare: true, sort: by((worker) => EVENTS.indexOf(eventsOf(worker)), () => null) },
  { key: 'version', title: 'Version', spare: true, sort: by(versionOf, (_, workers) => versionsOf(workers).join(' ')) },
]

/** How many of its tasks ended, revoked ones left out. */
export function ended({ succeeded, failed }: Worker): number | null {
  return succeeded === null || failed === null ? null : succeeded + failed
}

const EVENTS = ['off', 'unknown', 'on'] as const

/** Whether a worker tells of its tasks: known only when it does, or does not though it runs some. */
export function eventsOf(worker: Worker): (typeof EVENTS)[number] {
  if (worker.events_off_since !== null) return 'off'
  return (worker.trend ?? []).some((number) => number > 0) || ended(worker) ? 'on' : 'unknown'
}
