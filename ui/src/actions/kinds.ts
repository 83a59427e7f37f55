/** Every action: its words, what it needs to be told, and who may do it. */

import type { ActionKind, ActionPlan, Permission, WorkerAction } from '../api/control_types'
import { formatNumber, plural } from '../format/number'

export type FieldName = 'signal' | 'n' | 'min' | 'max' | 'queue' | 'name' | 'rate' | 'soft' | 'hard'

export interface Kind {
  /** On a button: "Revoke". */
  title: string
  permission: Permission
  /** What a plan of it counts. */
  thing: 'task' | 'worker' | 'message'
  /** What has to be told before it can be planned. */
  fields: readonly FieldName[]
  /** What it does, where its name does not say it all. */
  explains: string
}

const kind = (
  title: string,
  thing: Kind['thing'],
  fields: readonly FieldName[] = [],
  explains = '',
  permission: Permission = 'operate',
): Kind => ({ title, permission, thing, fields, explains })

export const KINDS: Record<ActionKind, Kind> = {
  revoke: kind('Revoke', 'task', [], 'Keeps tasks that wait from being run.'),
  terminate: kind('Terminate', 'task', ['signal'], 'Sends a signal to the process that runs the task, whatever it is doing.'),
  abort: kind('Abort', 'task', [], 'Asks the task to end itself. Only an AbortableTask that looks whether it was aborted does, and it needs a result backend.'),
  retry: kind('Retry', 'task', [], 'Sends a new task with the same name.'),
  ping: kind('Ping', 'worker', [], 'Asks for an answer, and changes nothing.'),
  enable_events: kind('Enable events', 'worker', [], 'Only with events can Umbel see what a worker does.'),
  disable_events: kind('Disable events', 'worker'),
  pool_grow: kind('Grow pool', 'worker', ['n'], 'Adds processes or threads to the pool.'),
  pool_shrink: kind('Shrink pool', 'worker', ['n'], 'Takes processes or threads from the pool.'),
  autoscale: kind('Autoscale', 'worker', ['min', 'max'], 'Sets how small and how large the pool may be.'),
  pool_restart: kind('Restart pool', 'worker'),
  add_consumer: kind('Add consumer', 'worker', ['queue'], 'Lets workers take tasks from one more queue.'),
  cancel_consumer: kind('Cancel consumer', 'worker', ['queue'], 'Workers stop taking tasks from a queue.'),
  rate_limit: kind('Rate limit', 'worker', ['name', 'rate'], 'How many tasks of a name each worker begins in a time.'),
  time_limit: kind('Time limits', 'worker', ['name', 'soft', 'hard'], 'How long a task of a name may run.'),
  shutdown: kind('Shut down', 'worker', [], '', 'administer'),
  purge: kind('Purge', 'message', [], '', 'administer'),
  pause: kind('Pause', 'worker', [], 'No worker consumes the queue until somebody resumes it. What is sent there waits.'),
  resume: kind('Resume', 'worker', [], 'Those who consumed the queue do so again.'),
}

/** What undoes an action that was done, and what the button for it says. */
export const UNDOING: Partial<Record<ActionKind, { action: ActionKind; title: string }>> = {
  pause: { action: 'resume', title: 'Resume the queue' },
  resume: { action: 'pause', title: 'Pause it again' },
}

/** Actions on workers, as a menu groups them. */
export const WORKER_MENU: readonly { title: string; kinds: readonly WorkerAction[] }[] = [
  { title: 'Reach', kinds: ['ping', 'enable_events', 'disable_events'] },
  { title: 'Pool', kinds: ['pool_grow', 'pool_shrink', 'autoscale', 'pool_restart'] },
  { title: 'Queues', kinds: ['add_consumer', 'cancel_consumer'] },
  { title: 'Tasks by name', kinds: ['rate_limit', 'time_limit'] },
  { title: 'End', kinds: ['shutdown'] },
]

/** "Revoke 1,204 tasks", "Ping 2 workers": what a plan's button says. No number where none is known. */
export function actionLabel(action: ActionKind, { count, capped, complete }: Pick<ActionPlan, 'count' | 'capped' | 'complete'>): string {
  const { title, thing } = KINDS[action]
  if (action === 'purge' && count === 0) return 'Purge the queue'
  if (action === 'pause' || action === 'resume') return `${title} the queue`
  if (count === 0 && !complete) return `${title} ${thing}s`
  const more = capped ? 'over' : 'at least'
  const counted = capped || !complete ? `${more} ${formatNumber(count)} ${thing}s` : plural(count, thing)
  return thing === 'worker' ? `${title}: ${counted}` : `${title} ${counted}`
}
