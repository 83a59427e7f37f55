/** Addresses, colours and titles of clusters. */

/** The whole address of a path below the server's own, where the page with `base` is of the
 * cluster `name` (empty: of none). */
export function belowServer(path: string, base: string, name: string): string {
  const own = `c/${name}/`
  const root = name !== '' && base.endsWith(own) ? base.slice(0, -own.length) : base
  return new URL(path, root).href
}

/** Where an address that names no cluster may have been meant to lead: a page that each has, or what stands below the name of one. */
export function inClusters<Cluster extends { name: string; path: string }>(path: string, isPage: boolean, clusters: readonly Cluster[]): { cluster: Cluster; href: string }[] {
  if (isPage) return clusters.map((cluster) => ({ cluster, href: `${cluster.path}${path}` }))
  const [first, ...rest] = path.split('/')
  return clusters.filter(({ name }) => name === first).map((cluster) => ({ cluster, href: `${cluster.path}${rest.join('/')}` }))
}

/** Those that say the least come first: red is for whoever wants it. */
const COLOURS = ['blue', 'green', 'violet', 'amber', 'grey', 'red'] as const

/** The tokens of the colours of these clusters: as the settings say; of the others by their place
 * in the list, none that another one was given, as long as there are some. */
export function dotsOf(clusters: readonly { colour: string | null }[]): string[] {
  const given = new Set(clusters.map(({ colour }) => colour))
  const left = COLOURS.filter((colour) => !given.has(colour))
  const free = left.length > 0 ? left : COLOURS
  let next = 0
  return clusters.map(({ colour }) => `var(--cluster-${colour ?? free[next++ % free.length]})`)
}

/** What the tab says of a page of the cluster `label` (empty: one without a name). Tabs are cut at
 * their end, so what tells production from staging comes first. */
export function titleOf(page: string, label: string): string {
  return [label, page, 'Umbel'].filter((part) => part !== '').join(' · ')
}
