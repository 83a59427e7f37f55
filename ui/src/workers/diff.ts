/** In what workers differ, in words. */

import type { Difference, DiffValue, FleetDiff } from '../api/schema'
import { plural } from '../format/number'

type Kind = Difference['kind']

export const KINDS: Record<string, string> = { version: 'Version', pool: 'Pool', queue: 'Queue', setting: 'Setting', task: 'Task' }

/** What a value says: "registered", "5.7.0", "none". */
export function valueWords(kind: Kind, { value }: Pick<DiffValue, 'value'>): string {
  if (kind === 'task') return value === null ? 'not registered' : 'registered'
  if (kind === 'queue') return value === null ? 'not consumed' : 'consumed'
  if (value === null) return 'not set'
  return textOf(value)
}

/** "14 workers compared: 3 differences."; of fewer than two nothing is said of differences. */
export function comparedSentence({ compared, differences, more }: Pick<FleetDiff, 'compared' | 'differences' | 'more'>): string {
  if (compared < 2) return compared === 0 ? 'No worker that is online answered: nothing is compared.' : '1 worker answered alone: nothing is compared.'
  const count = differences.length + more
  return `${plural(compared, 'worker')} compared: ${count === 0 ? 'no difference' : plural(count, 'difference')}.`
}

/** What is not known, in sentences. */
export function gapsOf({ left_out, not_compared, more }: Pick<FleetDiff, 'left_out' | 'not_compared' | 'more'>): string[] {
  const what: Record<string, string> = { pool: 'pools', queue: 'queues', setting: 'settings', task: 'registered names' }
  return [
    left_out > 0 ? `${plural(left_out, 'more worker')} ${left_out === 1 ? 'was' : 'were'} not asked: a part of the name narrows it.` : '',
    not_compared.length > 0 ? `There was no time to ask for ${not_compared.map((kind) => what[kind] ?? kind).join(', ')}.` : '',
    more > 0 ? `${plural(more, 'more difference')} left out.` : '',
  ].filter((sentence) => sentence !== '')
}

/** JSON of a text as the text. */
function textOf(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : json
  } catch {
    return json
  }
}
