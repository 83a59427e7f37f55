/** Addresses, colours and titles of clusters. */

/** The whole address of a path below the server's own, where the page with `base` is of the
 * cluster `name` (empty: of none). */
export function belowServer(path: string, base: string, name: string): string {
  const own = `c/${name}/`
  const root = name !== '' && base.endsWith(own) ? base.slice(0, -own.length) : base
  return new URL(path, root).href
}

const DOTS = ['accent', 'success', 'retry', 'revoked', 'received', 'failure'] as const

/** The token of a cluster's colour: as the settings say, else by its place in the list. */
export function dotOf(index: number, colour: string | null = null): string {
  return `var(--${colour === null ? (DOTS[index % DOTS.length] ?? 'accent') : `cluster-${colour}`})`
}

/** What the tab says of a page of the cluster `label` (empty: one without a name). Tabs are cut at
 * their end, so what tells production from staging comes first. */
export function titleOf(page: string, label: string): string {
  return [label, page, 'Umbel'].filter((part) => part !== '').join(' · ')
}
