/** What became of the tasks that a retry sent, in words. */

import type { State } from '../api/types'
import { formatNumber } from '../format/number'

const WORDS: readonly [string, readonly State[], string, string][] = [
  ['succeeded', ['SUCCESS'], 'succeeded', 'succeeded'],
  ['failed', ['FAILURE', 'REJECTED'], 'failed', 'failed'],
  ['revoked', ['REVOKED'], 'was revoked', 'were revoked'],
  ['unknown', ['UNKNOWN'], 'was lost sight of', 'were lost sight of'],
  ['runs', ['STARTED'], 'was begun', 'were begun'],
  ['retried', ['RETRY'], 'is tried again', 'are tried again'],
  ['waits', ['PENDING', 'RECEIVED'], 'waits', 'wait'],
]

/** "3 succeeded, 1 failed, 7 wait." of `sent` tasks; those of which nothing was heard yet are said so. */
export function progressSentence(groups: Partial<Record<string, number>>, sent: number): string {
  const parts = WORDS.flatMap(([, states, one, many]) => {
    const count = states.reduce((sum, state) => sum + (groups[state] ?? 0), 0)
    return count === 0 ? [] : [`${formatNumber(count)} ${count === 1 ? one : many}`]
  })
  const heard = Object.values(groups).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  const silent = sent - heard
  if (silent > 0) parts.push(`${formatNumber(silent)} ${silent === 1 ? 'was' : 'were'} not heard of yet`)
  return `${parts.join(', ')}.`
}

/** Whether all that were sent have ended. */
export function isOver(groups: Partial<Record<string, number>>, sent: number): boolean {
  const ended: readonly State[] = ['SUCCESS', 'FAILURE', 'REVOKED', 'REJECTED', 'UNKNOWN']
  return ended.reduce((sum, state) => sum + (groups[state] ?? 0), 0) >= sent
}
