/** Which workflows a list shows, as its address says; what is usual stands in none. */

import type { WorkflowsOrder, WorkflowsState } from '../api/schema'
import { searchOf } from '../frame/address'
import { setQuery } from '../query/zone'

export interface WorkflowSearch {
  q: string
  state: WorkflowsState | null
  order: WorkflowsOrder
}

export const STATES: readonly { state: WorkflowsState | null; title: string }[] = [
  { state: null, title: 'All' },
  { state: 'running', title: 'Running' },
  { state: 'failing', title: 'Failing' },
  { state: 'blocked', title: 'Blocked' },
  { state: 'paused', title: 'Paused' },
  { state: 'succeeded', title: 'Succeeded' },
]

export const ORDERS: readonly { order: WorkflowsOrder; title: string }[] = [
  { order: 'newest', title: 'Newest' },
  { order: 'longest', title: 'Longest' },
  { order: 'largest', title: 'Largest' },
  { order: 'failures', title: 'Most failures' },
]

export function readSearch(search: string): WorkflowSearch {
  const parameters = new URLSearchParams(search)
  const state = STATES.find((one) => one.state === parameters.get('state'))?.state ?? null
  const order = ORDERS.find((one) => one.order === parameters.get('order'))?.order ?? 'newest'
  return { q: parameters.get('q') ?? '', state, order }
}

/** The address's parameters for this search; the zone of `before` stays for as long as its times do. */
export function writeSearch({ q, state, order }: WorkflowSearch, before = ''): string {
  const parameters = new URLSearchParams(before)
  for (const name of ['state', 'order']) parameters.delete(name)
  setQuery(parameters, q)
  if (state !== null) parameters.set('state', state)
  if (order !== 'newest') parameters.set('order', order)
  return searchOf(parameters)
}
