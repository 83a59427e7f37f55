/** Messages that wait, as rows. */

import type { QueuedMessage } from '../api/control_types'
import { formatNumber } from '../format/number'

export interface Waiting {
  /** From 1 on, the next one first. */
  position: number
  /** Tells it from the others while the queue moves. */
  id: string
  message: QueuedMessage
}

/** One task may lie there twice, and what is no task has no id: then it is told by its place. */
export function waitingRows(messages: readonly QueuedMessage[]): Waiting[] {
  const seen = new Map<string, number>()
  return messages.map((message, index) => {
    const key = message.task_id ?? ''
    const number = (seen.get(key) ?? 0) + 1
    seen.set(key, number)
    return { position: index + 1, id: key === '' ? `#${index + 1}` : `${key}/${number}`, message }
  })
}

/** What the list says above its rows: "The next 20 of 307", "All 6". */
export function shownWords(shown: number, ready: number | null): string {
  const number = formatNumber(shown)
  if (ready === null) return `the next ${number}`
  return shown >= ready ? (ready <= 1 ? '' : `all ${number}`) : `the next ${number} of ${formatNumber(ready)}`
}
