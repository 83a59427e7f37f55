/** What speaks against a task's state, in words. */

import type { Doubt, Task, TaskRow } from '../api/types'
import { pastPhrase } from '../format/time'

/** In a list: one word, and on hover the whole. */
export function doubtWord(doubt: Doubt): string {
  return doubt.why === 'expired' ? 'expired' : 'not known'
}

/** "w@h has not been heard for 12 min", as the middle of a sentence. */
function reason(doubt: Doubt, now: number): string {
  const worker = doubt.worker ?? 'its worker'
  const ago = doubt.since === null ? '' : ` ${pastPhrase(doubt.since, now)}`
  switch (doubt.why) {
    case 'worker-silent':
      return `${worker}, which was last heard${ago}`
    case 'worker-offline':
      return `${worker}, which ended${ago}`
    case 'worker-restarted':
      return `${worker}, which was started anew${ago}`
    case 'blind':
      return `${worker} when Umbel last heard anything${ago}`
    case 'gap':
      return `${worker}; events have been missed since, ${pastPhrase(doubt.since ?? now, now)}`
    default:
      return `${worker}, which says that it does not hold it any more`
  }
}

/** What is known of a task whose state is doubted, in a sentence. */
export function doubtSentence(task: Pick<TaskRow, 'state'>, doubt: Doubt, now: number): string {
  if (doubt.why === 'expired') {
    const at = doubt.since === null ? '' : ` ${pastPhrase(doubt.since, now)}`
    return `It expired${at}, and no worker told of running it.`
  }
  const verb = task.state === 'STARTED' ? 'Was running on' : 'Was waiting on'
  return `${verb} ${reason(doubt, now)}; whether it ended is not known.`
}

/** Until when the task is known to have been on: it is not drawn to go on for ever. */
export function knownUntil(task: Pick<Task, 'doubt' | 'timestamp'>, now: number): number {
  if (task.doubt === null) return now
  return Math.max(task.timestamp, Math.min(now, task.doubt.since ?? task.timestamp))
}
