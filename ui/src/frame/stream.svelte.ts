/**
 * What is live on this page: how live it is, and any number of followers of searches.
 *
 * Theory of operation. Who shows tasks follows a search (`follow`). All followers, and those of
 * the other windows of this browser, share one connection (`live_link`); without any it carries
 * the status alone. A hidden tab follows nothing, and catches up when it is seen again, since
 * each follower keeps the number of its last event.
 */

import { api } from '../api/client'
import { address } from '../api/transport'
import type { Pulse } from '../api/schema'
import type { Changes, Live, Status } from '../api/types'
import { lost } from './band'
import { clock } from './clock.svelte'
import type { LiveMessage, LiveSearch } from './live_connection'
import { own, shared, type LiveLink } from './live_link'

export interface Follower extends LiveSearch {
  changes: (changes: Changes) => void
  /** The stream is open: what changes from now on will be told. */
  opened?: () => void
  /** Too much happened to go on from `after`: what is shown may be old. Goes on at `seq`. */
  reset: (seq: number) => void
}

/** Tells followers of searches what changes, until the function that is given back is called. */
export interface ChangeFeed {
  follow(follower: Follower): () => void
}

/** How live the page is; `connecting` until the server said it for the first time. */
export type Liveness = Omit<Live, 'state'> & { state: Live['state'] | 'connecting' }

const CONNECTING: Liveness = {
  state: 'connecting',
  lag_s: null,
  sentence: 'Connecting to Umbel.',
  troubles: [],
}

/** Makes the link; `failed` is called when another one has to be taken. */
export type MakeLink = (tell: (message: LiveMessage) => void, failed: () => void) => LiveLink

export class Stream {
  live: Liveness = $state.raw(CONNECTING)
  /** Whether the server does not answer, which the band tells. */
  readonly isLost = $derived(this.live.troubles.some((trouble) => trouble.kind === 'lost'))
  /** How many tasks are stored; null until the server said it. */
  stored: number | null = $state(null)
  /** How many alerts fire, and until when nobody is sent anything; null until the stream said it. */
  firing: Pulse['firing'] = $state.raw(null)
  /** When the oldest stored task was first seen; null: not known, or there is none. */
  oldest: number | null = $state(null)
  private link: LiveLink | null = null
  private readonly followers = new Map<string, Follower>()
  private count = 0
  private running = false
  /** When the server last said how it is, by its own clock; null until it did. */
  private heardAt: number | null = null

  constructor(
    private readonly shared: MakeLink,
    private readonly own: MakeLink,
  ) {}

  start(): () => void {
    const onVisibility = (): void => (document.hidden ? this.rest() : this.resume())
    const onShow = (event: PageTransitionEvent): void => {
      if (event.persisted) this.again()
    }
    const onOffline = (): void => this.link?.fail()
    const onOnline = (): void => this.link?.wake()
    document.addEventListener('visibilitychange', onVisibility)
    addEventListener('pageshow', onShow)
    addEventListener('offline', onOffline)
    addEventListener('online', onOnline)
    this.link ??= this.shared((message) => this.hear(message), () => this.fallBack())
    this.resume()
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      removeEventListener('pageshow', onShow)
      removeEventListener('offline', onOffline)
      removeEventListener('online', onOnline)
      this.rest()
    }
  }

  /** Tell `follower` of changes until the function that is given back is called. */
  follow(follower: Follower): () => void {
    const id = `${this.count++}`
    this.followers.set(id, follower)
    if (this.running) this.link?.follow(id, searchOf(follower))
    return () => {
      if (this.followers.delete(id) && this.running) this.link?.unfollow(id)
    }
  }

  /** What the server says of itself, on the stream or asked for. */
  heard(status: Pick<Status, 'live' | 'now' | 'store'> & Partial<Pick<Pulse, 'firing'>>): void {
    this.live = status.live
    this.stored = status.store.tasks
    if (status.firing) this.firing = status.firing
    // The stream does not tell it.
    if (status.store.oldest !== undefined) this.oldest = status.store.oldest
    this.heardAt = status.now
    clock.set(status.now)
    const blind = status.live.troubles.find((trouble) => trouble.kind === 'blind')
    clock.hold(status.live.state === 'blind' ? (blind?.since ?? null) : null)
  }

  private resume(): void {
    if (this.running || document.hidden || this.link === null) return
    this.running = true
    this.link.start()
    for (const [id, follower] of this.followers) this.link.follow(id, searchOf(follower))
  }

  private rest(): void {
    if (this.running) this.link?.stop()
    this.running = false
  }

  private again(): void {
    this.running = false
    this.resume()
  }

  private fallBack(): void {
    this.link = this.own((message) => this.hear(message), () => undefined)
    this.again()
  }

  private hear(message: LiveMessage): void {
    if (!this.running) return
    if (message.kind === 'status') this.heard(message.status)
    else if (message.kind === 'lost') this.lose()
    else {
      const follower = this.followers.get(message.id)
      if (follower) hand(follower, message)
    }
  }

  private lose(): void {
    // A stream does not say why it failed; this finds out whether the session has ended.
    void api.status().catch(() => undefined)
    this.live = lost(this.heardAt)
    clock.hold(this.heardAt)
  }
}

function hand(follower: Follower, message: Extract<LiveMessage, { id: string }>): void {
  follower.after = message.kind === 'changes' ? message.changes.seq : message.seq
  if (message.kind === 'changes') follower.changes(message.changes)
  else if (message.kind === 'reset') follower.reset(message.seq)
  else if (message.kind === 'opened') follower.opened?.()
}

function searchOf({ q, tz, left, after }: Follower): LiveSearch {
  return { q, ...(tz === undefined ? {} : { tz }), left, after }
}

const ownLink: MakeLink = (tell) => own(address('live'), tell)
export const stream = new Stream((tell, failed) => shared(address('live'), tell, failed) ?? ownLink(tell, failed), ownLink)
