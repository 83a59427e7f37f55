/** What is said of a queue without workers. */

import type { QueueRow } from '../api/control_types'

/** `missing` are workers that did not say what they consume. */
export function unconsumedWords(queue: Pick<QueueRow, 'consumers'>, missing: readonly string[]): string {
  if (queue.consumers) return 'no worker of Celery'
  return missing.length > 0 ? 'nobody that answered' : 'nobody consumes it'
}
