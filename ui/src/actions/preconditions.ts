/** Which actions make sense for a task as it stands, and why not the others. */

import type { TaskAction } from '../api/control_types'
import type { State, TaskRow } from '../api/types'

export const TASK_ACTIONS: readonly TaskAction[] = ['retry', 'revoke', 'terminate', 'abort']
const ENDED: readonly State[] = ['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED']

/** Why this action cannot be done to the task now, in a sentence; null if it can. */
export function hindrance(action: TaskAction, task: Pick<TaskRow, 'state' | 'name' | 'doubt'>): string | null {
  const ended = ENDED.includes(task.state)
  if (action === 'retry') {
    if (task.name === null) return 'the name of the task is not known, so it cannot be sent again.'
    // Where it is not known whether it ended, the plan says so.
    return ended || task.doubt || task.state === 'UNKNOWN' ? null : 'it has not ended; sending it again would do it twice.'
  }
  if (ended) return 'the task has ended.'
  if (action === 'revoke' && task.state === 'STARTED') return 'it runs already; terminate ends what runs.'
  if (action === 'terminate' && task.state !== 'STARTED') return 'it does not run; revoke keeps it from beginning.'
  return null
}

/** Sentences for actions that cannot be done, those with the same reason in one. */
export function reasonsOf(refused: readonly { title: string; why: string }[]): string[] {
  const titles = new Map<string, string[]>()
  for (const { title, why } of refused) titles.set(why, [...(titles.get(why) ?? []), title])
  return [...titles].map(([why, all]) => `${listed(all)}: ${why}`)
}

function listed(words: readonly string[]): string {
  const lower = words.map((word, index) => (index === 0 ? word : word.toLowerCase()))
  if (lower.length < 2) return lower.join('')
  return `${lower.slice(0, -1).join(', ')} and ${lower.at(-1) ?? ''}`
}
