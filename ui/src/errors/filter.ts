/** Which errors are listed: a state, and a search for tasks, as the address says it. */

import type { ErrorsState } from '../api/schema'
import { searchOf } from '../frame/address'
import { setQuery } from '../query/zone'

export type Shown = ErrorsState | 'all'
export const SHOWN: readonly { shown: Shown; title: string }[] = [
  { shown: 'open', title: 'Open' },
  { shown: 'resolved', title: 'Resolved' },
  { shown: 'ignored', title: 'Ignored' },
  { shown: 'all', title: 'All' },
]

export interface Filter {
  shown: Shown
  q: string
}

/** Open ones where the address says nothing, or nonsense. */
export function readFilter(parameters: string): Filter {
  const read = new URLSearchParams(parameters)
  const shown = SHOWN.find((one) => one.shown === read.get('state'))?.shown ?? 'open'
  return { shown, q: read.get('q') ?? '' }
}

/** The address of a list with this filter; the time of `parameters` stays. */
export function filterPath(parameters: string, { shown, q }: Filter): string {
  const written = new URLSearchParams(parameters)
  written.delete('state')
  if (shown !== 'open') written.set('state', shown)
  setQuery(written, q)
  return `errors${searchOf(written)}`
}

/** Why nothing is listed. */
export function emptyWords({ shown, q }: Filter, others: number): string {
  const matching = q.trim() === '' ? '' : ' that matches'
  if (shown === 'all') return others > 0 ? 'No failure of this time tells its error' : `No task${matching} failed in this time`
  if (shown === 'open') return `No task${matching} failed in this time with an open error`
  return `No error${matching} is ${shown}`
}
