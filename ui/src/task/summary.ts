/** A task's state in a sentence. */

import type { Intent, Task, TaskRow } from '../api/types'
import { formatDuration } from '../format/duration'
import { errorIdOf } from '../errors/group'
import { plural } from '../format/number'
import { formatAgo, pastPhrase } from '../format/time'
import { term } from '../query/edit'
import { doubtSentence } from './doubt'
import { unknownSentence } from './reconciled'

export function summary(task: Task, now: number): string {
  if (task.doubt) return doubtSentence(task, task.doubt, now)
  const on = task.worker === null ? '' : ` on ${task.worker}`
  const ago = (at: number | null): string => (at === null ? '' : ` ${pastPhrase(at, now)}`)
  const ran = task.runtime === null ? '' : ` after running ${formatDuration(task.runtime)}`
  const tries = task.retries > 0 ? `, at attempt ${task.retries + 1}` : ''
  const held = task.eta !== null && task.eta > now ? ` for its ETA, ${formatAgo(task.eta, now)}` : ''
  switch (task.state) {
    case 'PENDING':
      return `Sent${ago(task.sent)}${held}; no worker has told of it yet.`
    case 'RECEIVED':
      return `Waits${on}${held}; received${ago(task.received)}.`
    case 'STARTED':
      return `Runs${on}; started${ago(task.started)}${tries}.`
    case 'RETRY':
      return `Failed${on}${ago(task.retried)} and will be tried again; ${plural(task.retries, 'retry', 'retries')} so far.`
    case 'REJECTED':
      return `Rejected${on}${ago(task.rejected)}.`
    case 'UNKNOWN':
      return unknownSentence(task, now)
    case 'REVOKED':
      return `Revoked${on}${ago(task.revoked)}.${task.last_intent ? ` ${task.last_intent.actor} asked for it${ago(task.last_intent.at)}.` : ''}`
    case 'FAILURE':
      return `Failed${on}${ago(task.finished)}${ran}${tries}.`
    case 'SUCCESS':
      return `Succeeded${on}${ago(task.finished)}${ran}${tries}.`
  }
}

const INTENDED = {
  revoke: 'to revoke it; no worker has told of that yet',
  terminate: 'to terminate it; no worker has told of that yet',
  abort: 'to abort it; it ends when it looks',
}

/** What somebody asked of the task, in a sentence. */
export function intentSentence(intent: Intent, now: number): string {
  return `${intent.actor} asked ${pastPhrase(intent.at, now)} ${INTENDED[intent.kind]}.`
}

/** The search for tasks with the same error; where none is told, of the same name with the same
 * kind of one. Null: the task has none. */
export function sameErrorSearch({ name, exception, error: label }: Pick<TaskRow, 'name' | 'exception' | 'error'>): string | null {
  const id = errorIdOf(label)
  if (id !== null) return term('error', id)
  if (exception === null) return null
  const error = term('exception', errorClass(exception))
  return name === null ? error : `${term('name', name)} ${error}`
}

/** The class of an error, or its whole text where it has none. */
export function errorClass(exception: string): string {
  return /^([\p{L}_][\p{L}\p{N}_.]*)\s*[(:]/u.exec(exception)?.[1] ?? exception
}
