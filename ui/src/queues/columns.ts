/** The columns of the queues: what this broker cannot tell has none, nor what is known of no queue. */

import type { Queues, QueueRow } from '../api/control_types'
import type { Column } from '../parts/table'

/** Columns of which each queue may lack the number: how many a minute, how old, how long. */
const SAMPLED: readonly Column<QueueRow>[] = [
  { key: 'in', title: 'In/min', number: true, spare: true, sort: ({ in_per_min }) => in_per_min },
  { key: 'out', title: 'Out/min', number: true, spare: true, sort: ({ out_per_min }) => out_per_min },
  { key: 'oldest', title: 'Oldest', number: true, sort: ({ oldest_s }) => oldest_s },
  { key: 'wait', title: 'Wait p95', number: true, spare: true, sort: ({ wait_p95_s }) => wait_p95_s },
]

export function columnsOf(missing: Queues['capabilities']['missing'], queues: readonly QueueRow[]): Column<QueueRow>[] {
  const held: Column<QueueRow>[] = [
    { key: 'unacknowledged', title: 'Unacked', number: true, spare: true, sort: ({ unacknowledged }) => unacknowledged },
    { key: 'consumers', title: 'Consumers', number: true, spare: true, sort: ({ consumers }) => consumers },
  ]
  return [
    { key: 'queue', title: 'Queue', heading: true, sort: ({ name }) => name },
    { key: 'ready', title: 'Waiting', number: true, sort: ({ ready }) => ready },
    ...(queues.some(({ depths, trend }) => depths ?? trend) ? [{ key: 'trend', title: 'Last hour', sort: grown }] : []),
    ...SAMPLED.filter(({ sort }) => queues.some((queue) => (sort?.(queue) ?? null) !== null)),
    ...held.filter(({ key }) => !(key in missing)),
    { key: 'workers', title: 'Workers', wide: true, sort: ({ workers }) => workers?.length ?? null },
    { key: 'actions', title: 'Actions', controls: true },
  ]
}

/** By how many messages it grew since an hour ago. */
function grown({ ready, hour_ago }: QueueRow): number | null {
  return ready === null || hour_ago === null ? null : ready - hour_ago
}

/** Queues in which messages wait, and that nobody is known to consume though nobody paused them. */
export function unconsumed(queues: readonly QueueRow[]): QueueRow[] {
  return queues.filter((queue) => queue.workers?.length === 0 && !queue.consumers && queue.ready && !queue.paused)
}
