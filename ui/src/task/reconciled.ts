/** What of a task was not heard but asked for, in words. */

import type { ReconciledFact } from '../api/schema'
import type { Task, TaskRow } from '../api/types'
import { pastPhrase } from '../format/time'

const SOURCES: Record<ReconciledFact['source'], string> = {
  backend: 'the result backend',
  worker: 'the workers',
  queue: 'its queue',
  expiry: 'its expiry',
}

const KINDS: Record<string, string> = {
  received: 'That a worker has it',
  started: 'When it began',
  retried: 'That it will be tried again',
  revoked: 'That it was revoked',
  failed: 'That it failed',
  succeeded: 'That it succeeded',
}

/** What holds of it, but that nothing is known: one sentence for each. */
export function reconciledSentences(task: Pick<Task, 'reconciled'>, now: number): string[] {
  return task.reconciled
    .filter((fact) => fact.holds && fact.kind !== 'unknown')
    .map((fact) => `${KINDS[fact.kind] ?? 'This'} was not heard: ${sourceWords(fact, now)}.`)
}

function sourceWords({ source, at }: ReconciledFact, now: number): string {
  if (source === 'expiry') return 'it expired, and nobody ran it'
  return `${SOURCES[source]} said so when asked ${pastPhrase(at, now)}`
}

/** Why nobody knows how it ended, and who was asked. */
export function unknownSentence(task: Pick<Task, 'reconciled'> & Pick<TaskRow, 'worker'>, now: number): string {
  const fact = task.reconciled.findLast((each) => each.kind === 'unknown' && each.holds)
  if (!fact) return 'Nobody knows how it ended.'
  const sources = fact.sources.map((source) => SOURCES[source])
  const whom = sources.length === 0 ? '' : ` Asked ${pastPhrase(fact.at, now)}: ${listed(sources)}.`
  return `Nobody knows how it ended: ${because(fact.why, task.worker)}.${whom}`
}

function because(why: ReconciledFact['why'], worker: string | null): string {
  const its = worker ?? 'its worker'
  switch (why) {
    case 'worker-lost':
      return `${its}, which had it, is gone or was started anew`
    case 'ended-untold':
      return `${its} has it no longer and told of no end, as with Ignore or lost events`
    case 'not-delivered':
      return 'its queue is empty and no worker has it; it was purged, or run unheard'
    default:
      return 'nobody who could be asked has it'
  }
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
