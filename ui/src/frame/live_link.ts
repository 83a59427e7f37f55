/**
 * How a window reaches the live stream: through the worker that all windows share, or, where a
 * browser has none or could not load it, by a connection of its own.
 */

import { LiveConnection, type LiveMessage, type LiveSearch } from './live_connection'
import type { LiveRequest } from './live_hub'

export interface LiveLink {
  start(): void
  stop(): void
  follow(id: string, search: LiveSearch): void
  unfollow(id: string): void
  wake(): void
  fail(): void
}

/** A worker that has said nothing by then does not run. */
const READY_MS = 5_000

/**
 * A link to the stream at `address`. `failed` is called once when the shared worker does not
 * run: then `own` has to be taken in its place.
 */
export function shared(address: string, tell: (message: LiveMessage) => void, failed: () => void): LiveLink | null {
  if (typeof SharedWorker === 'undefined') return null
  let worker: SharedWorker
  try {
    worker = new SharedWorker(new URL('./live_shared_worker.ts', import.meta.url), { type: 'module', name: address })
  } catch {
    return null // A browser that forbids it, as some do in private windows.
  }
  return linkTo(worker, address, tell, failed)
}

function linkTo(
  worker: SharedWorker,
  address: string,
  tell: (message: LiveMessage) => void,
  failed: () => void,
): LiveLink {
  const post = (request: LiveRequest): void => worker.port.postMessage(request)
  const give = (): void => {
    worker.onerror = null
    worker.port.close()
    failed()
  }
  const timer = setTimeout(give, READY_MS)
  worker.onerror = () => {
    clearTimeout(timer)
    give()
  }
  worker.port.onmessage = ({ data }: MessageEvent<LiveMessage | string>) => {
    clearTimeout(timer)
    if (typeof data !== 'string') tell(data)
  }
  addEventListener('pagehide', () => post({ kind: 'leave' }))
  return {
    start: () => post({ kind: 'start', address }),
    stop: () => post({ kind: 'stop' }),
    follow: (id, search) => post({ kind: 'follow', id, search }),
    unfollow: (id) => post({ kind: 'unfollow', id }),
    wake: () => post({ kind: 'wake' }),
    fail: () => post({ kind: 'fail' }),
  }
}

export function own(address: string, tell: (message: LiveMessage) => void): LiveLink {
  return new LiveConnection(address, tell)
}
