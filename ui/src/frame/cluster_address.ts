/** Addresses, colours and titles of clusters. */

/** The whole address of a path below the server's own, where the page with `base` is of the
 * cluster `name` (empty: of none). */
export function belowServer(path: string, base: string, name: string): string {
  const own = `c/${name}/`
  const root = name !== '' && base.endsWith(own) ? base.slice(0, -own.length) : base
  return new URL(path, root).href
}

const DOTS = ['accent', 'success', 'retry', 'revoked', 'received', 'failure'] as const

/** The token of a cluster's own colour, by its place in the list. */
export function dotOf(index: number): string {
  return `var(--${DOTS[index % DOTS.length] ?? 'accent'})`
}

/** What the tab says of a page of the cluster `name` (empty: of none). */
export function titleOf(page: string, name: string): string {
  return [page, name, 'Umbel'].filter((part) => part !== '').join(' · ')
}
