/**
 * Server-sent events of any number of searches, over one `EventSource`.
 *
 * Theory of operation. An address names all searches that are followed (`searches`), so a change
 * of what is followed opens the stream anew: at once for a search that is new, after a while for
 * one that is gone, since a page that is left is mostly followed by another. Each search keeps
 * the change number of its last event, from which the next stream goes on; so nothing is missed,
 * whatever opens or breaks. Reconnecting is ours, with backoff, since the browser's own gives
 * up for good when a proxy answers with an error.
 *
 * A network that goes without a word (a VPN, a laptop that slept, a server that hangs) breaks no
 * stream. The server tells its status every two seconds, so a stream that is silent for long is lost.
 *
 * It runs in a window, or once for all windows in a `SharedWorker` (`live_shared_worker.ts`); so it
 * knows neither the document nor who follows.
 */

import type { Changes, Status } from '../api/types'
import { backoff } from './backoff'

/** A search that is followed. */
export interface LiveSearch {
  q: string
  tz?: string
  /** Tell also which tasks changed and do not match: who shows rows has to know. */
  left: boolean
  /** The change number from which on to tell; null: from now on. */
  after: number | null
}

/** What is told; `id` is that of the search. */
export type LiveMessage =
  | { kind: 'status'; status: Status }
  | { kind: 'lost' }
  /** The stream is open: what changes from `seq` on will be told. */
  | { kind: 'opened'; id: string; seq: number }
  | { kind: 'changes'; id: string; changes: Changes }
  /** Too much happened to go on; goes on at `seq`. */
  | { kind: 'reset'; id: string; seq: number }
  /** There was nothing else to tell up to `seq`. */
  | { kind: 'reached'; id: string; seq: number }

interface Followed extends LiveSearch {
  /** It was told that its stream is open, and the stream has not broken since. */
  open: boolean
}

/** Searches that begin together share an address. */
const SOON_MS = 10
/** A page that follows something does so by then. */
const GRACE_MS = 500
/** A stream that told nothing for this long is lost: ten times the pause between two statuses. */
export const SILENCE_MS = 20_000
/** Longer addresses are refused by usual proxies; the server takes so many searches. */
export const ADDRESS_MAX = 7_000
export const SEARCHES_MAX = 20

export class LiveConnection {
  private readonly followed = new Map<string, Followed>()
  private sources: EventSource[] = []
  private running = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private due = Infinity
  private tries = 0
  private silence: ReturnType<typeof setTimeout> | undefined

  constructor(
    /** The absolute address of the live stream. */
    private readonly address: string,
    private readonly tell: (message: LiveMessage) => void,
  ) {}

  /** Listen, for the status at least. */
  start(): void {
    if (this.running) return
    this.running = true
    this.openWithin(this.followed.size > 0 ? SOON_MS : GRACE_MS)
  }

  /** Listen no more; what is followed is forgotten. */
  stop(): void {
    this.running = false
    this.followed.clear()
    this.close()
  }

  follow(id: string, search: LiveSearch): void {
    this.followed.set(id, { ...search, open: false })
    this.openWithin(SOON_MS)
  }

  unfollow(id: string): void {
    if (this.followed.delete(id)) this.openWithin(GRACE_MS)
  }

  /** The network is back: try at once. */
  wake(): void {
    if (this.running && this.sources.length === 0) this.open()
  }

  /** The stream broke, or the network did: try again later. */
  fail(): void {
    if (!this.running) return
    this.close()
    for (const each of this.followed.values()) each.open = false
    this.tell({ kind: 'lost' })
    this.openWithin(backoff(this.tries++, Math.random()) * 1000)
  }

  private openWithin(ms: number): void {
    if (!this.running || Date.now() + ms >= this.due) return
    clearTimeout(this.timer)
    this.due = Date.now() + ms
    this.timer = setTimeout(() => this.open(), ms)
  }

  private open(): void {
    this.close()
    const groups = grouped(this.address, [...this.followed])
    this.sources = groups.map(({ href, ids }) => this.listen(href, ids))
    this.heard()
  }

  private heard(): void {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => this.fail(), SILENCE_MS)
  }

  private listen(href: string, ids: readonly string[]): EventSource {
    const source = new EventSource(href)
    source.onerror = () => this.fail()
    const on = (kind: string, take: (event: Event) => void): void =>
      source.addEventListener(kind, (event) => {
        this.heard()
        take(event)
      })
    on('status', (event) => this.status(event))
    ids.forEach((id, position) => {
      on(`hello/${position}`, (event) => this.hello(id, event))
      on(`reached/${position}`, (event) => this.reached(id, event))
      on(`changes/${position}`, (event) => this.changes(id, event))
      on(`reset/${position}`, (event) => this.reset(id, event))
    })
    return source
  }

  private hello(id: string, event: Event): void {
    const search = this.followed.get(id)
    const seq = parsed<{ seq: number }>(event)?.seq
    if (search === undefined || seq === undefined) return
    search.after ??= seq
    if (!search.open) this.tell({ kind: 'opened', id, seq: search.after })
    search.open = true
  }

  private reached(id: string, event: Event): void {
    const search = this.followed.get(id)
    const seq = parsed<{ seq: number }>(event)?.seq
    if (search === undefined || seq === undefined) return
    search.after = seq
    this.tell({ kind: 'reached', id, seq })
  }

  private status(event: Event): void {
    const status = parsed<Status>(event)
    if (status === null) return
    this.tries = 0
    this.tell({ kind: 'status', status })
  }

  private changes(id: string, event: Event): void {
    const search = this.followed.get(id)
    const changes = parsed<Changes>(event)
    if (search === undefined || changes === null) return
    search.after = changes.seq
    this.tell({ kind: 'changes', id, changes })
  }

  private reset(id: string, event: Event): void {
    const search = this.followed.get(id)
    const seq = parsed<{ seq: number }>(event)?.seq
    if (search === undefined || seq === undefined) return
    search.after = seq
    this.tell({ kind: 'reset', id, seq })
  }

  private close(): void {
    clearTimeout(this.timer)
    clearTimeout(this.silence)
    this.due = Infinity
    for (const source of this.sources) source.close()
    this.sources = []
  }
}

/**
 * The addresses that follow all of these, and the ids of the searches of each in their order:
 * one, or several when it would be too long. Without searches, that of the status alone.
 */
export function grouped(
  address: string,
  searches: readonly (readonly [id: string, search: LiveSearch])[],
): { href: string; ids: string[] }[] {
  if (searches.length === 0) return [{ href: `${address}?status_only=true`, ids: [] }]
  const groups: { href: string; ids: string[] }[] = []
  let group: (readonly [string, LiveSearch])[] = []
  for (const each of searches) {
    const longer = [...group, each]
    const tooLong = longer.length > SEARCHES_MAX || hrefOf(address, longer).length > ADDRESS_MAX
    if (group.length > 0 && tooLong) {
      groups.push({ href: hrefOf(address, group), ids: group.map(([id]) => id) })
      group = [each]
    } else group = longer
  }
  return [...groups, { href: hrefOf(address, group), ids: group.map(([id]) => id) }]
}

function hrefOf(address: string, searches: readonly (readonly [string, LiveSearch])[]): string {
  const list = searches.map(([, { q, tz, left, after }]) => ({ q, ...(tz ? { tz } : {}), left, after }))
  return `${address}?searches=${encodeURIComponent(JSON.stringify(list))}`
}

function parsed<T>(event: Event): T | null {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T
  } catch {
    return null
  }
}
