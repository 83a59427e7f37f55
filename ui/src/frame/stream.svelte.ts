/**
 * The one open stream of server-sent events, and how live the page is.
 *
 * Theory of operation. A page that shows tasks follows a search (`follow`); without one the
 * stream carries status alone. The number of the last event is kept, so that a stream that
 * broke, or was closed because nobody looked, goes on where it stopped. A hidden tab closes
 * its stream and catches up when it is seen again. Reconnecting is ours, with backoff, since
 * the browser's own gives up for good when a proxy answers with an error.
 */

import { api } from '../api/client'
import { address } from '../api/transport'
import type { Changes, Live, Status } from '../api/types'
import { backoff } from './backoff'
import { lost } from './band'
import { clock } from './clock.svelte'

export interface Follower {
  /** The search whose tasks to tell about. */
  q: string
  tz?: string
  /** Tell also which tasks changed and do not match: who shows rows has to know. */
  left: boolean
  /** The change number from which on to tell; null: from now on. */
  after: number | null
  changes: (changes: Changes) => void
  /** The stream is open: what changes from now on will be told. */
  opened?: () => void
  /** Too much happened to go on from `after`: what is shown may be old. Goes on at `seq`. */
  reset: (seq: number) => void
}

/** How live the page is; `connecting` until the server said it for the first time. */
export type Liveness = Omit<Live, 'state'> & { state: Live['state'] | 'connecting' }

const CONNECTING: Liveness = {
  state: 'connecting',
  lag_s: null,
  sentence: 'Connecting to Umbel.',
  troubles: [],
}

/** A page that follows something opens the stream itself; otherwise it opens after this. */
const GRACE_MS = 500

class Stream {
  live: Liveness = $state.raw(CONNECTING)
  /** How many tasks are stored; null until told. */
  stored: number | null = $state(null)
  private follower: Follower | null = null
  private source: EventSource | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private tries = 0
  /** When the server last said how it is, by its own clock; null until it did. */
  private heardAt: number | null = null

  start(): () => void {
    const onVisibility = (): void => (document.hidden ? this.close() : this.open())
    const onOffline = (): void => this.retry()
    document.addEventListener('visibilitychange', onVisibility)
    addEventListener('offline', onOffline)
    addEventListener('online', onVisibility)
    if (this.source === null) this.timer = setTimeout(() => this.open(), GRACE_MS)
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      removeEventListener('offline', onOffline)
      removeEventListener('online', onVisibility)
      this.close()
    }
  }

  /** Tell `follower` of changes until the function that is given back is called. */
  follow(follower: Follower): () => void {
    this.follower = follower
    this.open()
    return () => {
      if (this.follower !== follower) return
      this.follower = null
      this.open()
    }
  }

  private open(): void {
    this.close()
    if (document.hidden) return
    const follower = this.follower
    const source = new EventSource(
      address('live', follower ? { q: follower.q, tz: follower.tz, after: follower.after, left: `${follower.left}` } : { status_only: 'true' }),
    )
    this.source = source
    source.onerror = () => this.retry()
    source.addEventListener('status', (event) => {
      // Its id tells how far there was nothing else to tell.
      if (follower !== null && event.lastEventId !== '') follower.after = Number(event.lastEventId)
      this.heard(parsed<Status>(event))
    })
    if (follower === null) return
    source.addEventListener('hello', (event) => {
      follower.after ??= parsed<{ seq: number }>(event)?.seq ?? null
      if (this.follower === follower) follower.opened?.()
    })
    source.addEventListener('changes', (event) => {
      const changes = parsed<Changes>(event)
      if (changes === null || this.follower !== follower) return
      follower.after = changes.seq
      follower.changes(changes)
    })
    source.addEventListener('reset', (event) => {
      const reset = parsed<{ seq: number }>(event)
      if (reset === null || this.follower !== follower) return
      follower.after = reset.seq
      follower.reset(reset.seq)
    })
  }

  /** What the server says of itself, on the stream or asked for. */
  heard(status: Pick<Status, 'live' | 'now' | 'store'> | null): void {
    if (status === null) return
    this.tries = 0
    this.live = status.live
    this.stored = status.store.tasks
    this.heardAt = status.now
    clock.set(status.now)
    const blind = status.live.troubles.find((trouble) => trouble.kind === 'blind')
    clock.hold(status.live.state === 'blind' ? (blind?.since ?? null) : null)
  }

  private retry(): void {
    this.close()
    // A stream does not say why it failed; this finds out whether the session has ended.
    void api.status().catch(() => undefined)
    this.live = lost(this.heardAt)
    clock.hold(this.heardAt)
    this.timer = setTimeout(() => this.open(), backoff(this.tries++, Math.random()) * 1000)
  }

  private close(): void {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
  }
}

function parsed<T>(event: Event): T | null {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T
  } catch {
    return null
  }
}

export const stream = new Stream()
