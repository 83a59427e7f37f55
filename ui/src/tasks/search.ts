/** A search is the Tasks page's whole state, and its address says it; defaults are left out. */

export const DEFAULT_ORDER = '-changed'

export interface Search {
  q: string
  order: string
}

export function readSearch(parameters: string): Search {
  const read = new URLSearchParams(parameters)
  return { q: read.get('q') ?? '', order: read.get('order') || DEFAULT_ORDER }
}

/** "?q=state%3AFAILURE&order=-runtime", or "" for the default search. */
export function writeSearch(search: Search): string {
  const written = new URLSearchParams()
  if (search.q.trim() !== '') written.set('q', search.q)
  if (search.order !== DEFAULT_ORDER) written.set('order', search.order)
  const text = written.toString()
  return text === '' ? '' : `?${text}`
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
