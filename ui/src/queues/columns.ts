/** The columns of the queues: what this broker cannot tell has none. */

import type { Queues, QueueRow } from '../api/control_types'
import type { Column } from '../parts/table'

export function columnsOf(missing: Queues['capabilities']['missing']): Column<QueueRow>[] {
  const numbers: Column<QueueRow>[] = [
    { key: 'unacknowledged', title: 'Unacknowledged', number: true, sort: ({ unacknowledged }) => unacknowledged },
    { key: 'consumers', title: 'Consumers', number: true, sort: ({ consumers }) => consumers },
  ]
  return [
    { key: 'queue', title: 'Queue', heading: true, sort: ({ name }) => name },
    { key: 'ready', title: 'Waiting', number: true, sort: ({ ready }) => ready },
    ...numbers.filter(({ key }) => !(key in missing)),
    { key: 'workers', title: 'Workers', sort: ({ workers }) => workers?.length ?? null },
    { key: 'actions', title: 'Actions', controls: true },
  ]
}

/** Queues in which messages wait, and that nobody is known to consume. */
export function unconsumed(queues: readonly QueueRow[]): QueueRow[] {
  return queues.filter((queue) => queue.workers?.length === 0 && !queue.consumers && queue.ready)
}
