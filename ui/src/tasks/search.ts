/** A search is the Tasks page's whole state, and its address says it; defaults are left out. */

import { searchOf } from '../frame/address'
import { datesOf, zoneOfAddress } from '../query/zone'
import { readRange, termOf, type Range } from '../time/range'
import { USUAL_FIELD } from './time_term'

export const DEFAULT_ORDER = '-changed'

export interface Search {
  q: string
  order: string
  /** The time zone of times in `q` that name none (an IANA name). */
  tz: string
}

/**
 * The search of an address. One that names no zone is read in `shown`, that of the screen. A time
 * range as other pages have it (`?range=1h`) is a term of the search here.
 */
export function readSearch(parameters: string, shown: string): Search {
  const read = new URLSearchParams(parameters)
  const range = readRange(parameters, null)
  const q = read.get('q') ?? ''
  return {
    q: range === null ? q : `${/\sOR\s/.test(q) ? `(${q})` : q} ${rangeTerm(range)}`.trim(),
    order: read.get('order') || DEFAULT_ORDER,
    tz: zoneOfAddress(parameters, shown),
  }
}

/** In Unix seconds: it means the same in every zone. */
function rangeTerm(range: Range): string {
  return range.kind === 'last' ? termOf(range, USUAL_FIELD, 'utc') : `${USUAL_FIELD}:${range.from}..${range.to ?? ''}`
}

/** "?q=state%3AFAILURE&order=-runtime", or "" for the default search. */
export function writeSearch(search: Omit<Search, 'tz'> & { tz?: string }): string {
  const written = new URLSearchParams()
  if (search.q.trim() !== '') written.set('q', search.q)
  if (search.order !== DEFAULT_ORDER) written.set('order', search.order)
  if (search.tz !== undefined && datesOf(search.q) !== '') written.set('tz', search.tz)
  return searchOf(written)
}

/** The order after a click on a column's head: descending, ascending, and back to the default. */
export function turnOrder(order: string, field: string): string {
  if (order === `-${field}`) return field
  if (order === field) return DEFAULT_ORDER
  return `-${field}`
}

/** How a column stands in an order, as `aria-sort` says it. */
export function sortOf(order: string, field: string): 'ascending' | 'descending' | 'none' {
  if (order === field) return 'ascending'
  return order === `-${field}` ? 'descending' : 'none'
}

/** In which zone `q` is meant: that of the search before, if its dates are in it, else `shown`. */
export function zoneFor(q: string, before: Search, shown: string): string {
  return datesOf(q) === datesOf(before.q) ? before.tz : shown
}

/** Whether two searches find the same tasks in the same order. */
export function isSame(one: Search, other: Search): boolean {
  const isZoneSame = one.tz === other.tz || datesOf(one.q) === ''
  return one.q.trim() === other.q.trim() && one.order === other.order && isZoneSame
}
