/** Where somebody went with the palette, newest first, kept in this browser until they log out. */

import { clusterName } from './cluster'
import { destinationOf, type Destination } from './palette'
import { readStored, writeStored } from './storage'

/** So many of all clusters of the server. */
const RECENT_MAX = 24
const NAME = 'recent'

interface Entry extends Destination {
  cluster: string
}

/** Those of this cluster. */
export function recentDestinations(): Destination[] {
  return entries().filter(({ cluster }) => cluster === clusterName)
}

export function remember({ icon, title, kind, href }: Destination): void {
  const others = entries().filter((one) => one.href !== href || one.cluster !== clusterName)
  writeStored(NAME, [{ icon, title, kind, href, cluster: clusterName }, ...others].slice(0, RECENT_MAX))
}

export function forgetRecent(): void {
  writeStored(NAME, [])
}

/** What is stored may be of another version. */
function entries(): Entry[] {
  const stored = readStored(NAME)
  if (!Array.isArray(stored)) return []
  return (stored as unknown[]).slice(0, RECENT_MAX).flatMap((one) => {
    const destination = destinationOf(one)
    const cluster: unknown = (one as { cluster?: unknown } | null)?.cluster
    return destination && typeof cluster === 'string' ? [{ ...destination, cluster }] : []
  })
}
