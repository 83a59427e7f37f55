/**
 * Which cluster the page is of, among several: the server names it in a `<meta>`.
 *
 * `<base href>` is the address of the cluster then, so requests and links stay within it.
 * Addresses of other clusters are below the server's own (`fromRoot`).
 */

import { belowServer, titleOf } from './cluster_address'

const named = document.querySelector<HTMLMetaElement>('meta[name="umbel-cluster"]')

/** Whether the server has several clusters. */
export const hasSeveral = named !== null
/** The name of this page's cluster; empty where there is one, or on a page of the whole server. */
export const clusterName = named?.content ?? ''
/** Whether what is shown is of one cluster. */
export const isOfOne = named === null || clusterName !== ''

/** The whole address of a path below the server's own. */
export function fromRoot(path: string): string {
  return belowServer(path, document.baseURI, clusterName)
}

/** What the tab says of a page: its title, and among several clusters the name of this one. */
export function tabTitle(page: string): string {
  return titleOf(page, clusterName)
}
