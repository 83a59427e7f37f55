/**
 * Which cluster the page is of, among several: the server names it in a `<meta>`.
 *
 * `<base href>` is the address of the cluster then, so requests and links stay within it.
 * Addresses of other clusters are below the server's own (`fromRoot`).
 */

import { belowServer, titleOf } from './cluster_address'

/** What the server says in a `<meta>` of the page; null if it says nothing of it. */
function metaTag(what: string): string | null {
  return document.querySelector<HTMLMetaElement>(`meta[name="umbel-${what}"]`)?.content ?? null
}

const named = metaTag('cluster')
const label = metaTag('label')

/** Whether the server has several clusters. */
export const hasSeveral = named !== null
/** The name of this page's cluster; empty where there is one, or on a page of the whole server. */
export const clusterName = named ?? ''
/** Whether what is shown is of one cluster. */
export const isOfOne = named === null || clusterName !== ''

/** What people call the cluster, else the host of its broker; empty if the page may not say it. */
export const clusterLabel = label ?? metaTag('host') ?? clusterName
/** Whether somebody chose that name, so that it is worth a place in the title. */
export const isNamed = (label ?? clusterName) !== ''
/** Its colour as the settings name it; null without one. */
export const clusterColour = metaTag('colour')

/** Give the page and its icon the colour of the cluster. */
export function wearColour(): void {
  if (clusterColour === null) return
  document.documentElement.dataset['cluster'] = clusterColour
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (icon) icon.href = icon.href.replace('favicon.svg', `assets/favicon-${clusterColour}.svg`)
}

/** The whole address of a path below the server's own. */
export function fromRoot(path: string): string {
  return belowServer(path, document.baseURI, clusterName)
}

/** What the tab says of a page: the name of the cluster if it has one, and the page's title. */
export function tabTitle(page: string): string {
  return titleOf(page, isNamed ? clusterLabel : '')
}
