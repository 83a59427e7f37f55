/**
 * The Tasks page's state: one search, its rows, and what is known about them.
 *
 * It outlives the page, so that Back from a task finds the rows as they were left. Requests
 * that a newer search made pointless are abandoned; what fails leaves what was there.
 */

import { api } from '../api/client'
import { isAbandoned } from '../api/transport'
import { Problem } from '../api/problem'
import type { Changes, Chip, TaskRow } from '../api/types'
import { BackoffTimer } from '../frame/backoff_timer'
import { stream, type ChangeFeed } from '../frame/stream.svelte'
import { Facets } from './facets.svelte'
import { Refresher } from './refresher'
import { between, changed, extended, loaded, NO_ROWS, refreshed, stale, thawed, type Rows } from './rows'
import { DEFAULT_ORDER, writeSearch, type Search } from './search'

export const PAGE_SIZE = 50
/** More rows than this on one page help nobody: a narrower search does. */
export const MOST_ROWS = 2000
/** An empty list whose changes were left out is loaded again no sooner than this after the last
 * time: under load they are left out all the time, and most of them match nothing. */
const EMPTY_AGAIN_MS = 5000

export class TasksModel {
  search: Search = $state.raw({ q: '', order: DEFAULT_ORDER, tz: 'UTC' })
  /** The search with its times made exact: it means the same wherever it is read. */
  exact = $state('')
  rows: Rows = $state.raw(NO_ROWS)
  sentence = $state('')
  /** The chips of the search that is shown; none while it is not understood. */
  chips: Chip[] = $state.raw([])
  next: string | null = $state(null)
  complete = $state(true)
  reached: number | null = $state(null)
  problem: Problem | null = $state.raw(null)
  loading = $state(false)
  loadingMore = $state(false)
  /** Something was loaded at least once: there are rows, or there truly are none. */
  ready = $state(false)
  /** Rows that are selected; while any is, the page is held still. */
  chosen: ReadonlySet<string> = $state.raw(new Set())
  /** All that match are meant, on this page and behind it. */
  all = $state(false)
  paused = $state(false)
  /** The row that had the focus last: after Back, keys go on from it. */
  focused: string | null = $state(null)
  readonly frozen = $derived(this.paused || this.chosen.size > 0)
  readonly facets = new Facets()

  /** The row that was selected last, from which a range goes. */
  private anchor: string | null = null
  private seq = 0
  private abort = new AbortController()
  private stop: (() => void) | null = null
  private loadedAt = 0
  private emptyTimer: ReturnType<typeof setTimeout> | undefined
  private readonly backoff = new BackoffTimer(() => void this.load())
  private readonly refresher = new Refresher((ids) => api.tasksById(ids), (rows) => this.update(rows))

  constructor(private readonly feed: ChangeFeed = stream) {}

  /** Show a search: as it was left when it is the same, else loaded anew. */
  async show(search: Search): Promise<void> {
    const same = writeSearch(search) === writeSearch(this.search)
    if (same && this.ready && this.problem === null) this.follow()
    else await this.load(search)
  }

  async load(search: Search = this.search): Promise<void> {
    this.abort.abort()
    this.abort = new AbortController()
    const { signal } = this.abort
    this.backoff.stop()
    clearTimeout(this.emptyTimer)
    this.search = search
    this.loading = true
    try {
      const [page, understood] = await Promise.all([
        api.tasks({ ...search, limit: PAGE_SIZE }, signal),
        search.q.trim() === '' ? null : api.understand(search.q, search.tz, signal),
      ])
      this.rows = loaded(page.items)
      this.loadedAt = Date.now()
      this.chips = understood?.chips ?? []
      this.exact = understood?.canonical ?? ''
      this.clear()
      this.sentence = page.sentence
      this.next = page.next
      this.complete = page.complete
      this.reached = page.reached
      this.seq = page.seq
      this.problem = null
      this.backoff.succeeded()
      this.ready = true
      this.follow()
      this.facets.show(search.q, search.tz, this.chips)
    } catch (error) {
      this.fail(error)
    } finally {
      if (!signal.aborted) this.loading = false
    }
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.loadingMore) return
    const { signal } = this.abort
    this.loadingMore = true
    try {
      const page = await api.tasks({ ...this.search, limit: PAGE_SIZE, cursor: this.next }, signal)
      this.rows = extended(this.rows, page.items)
      if (this.all) this.chosen = this.onPage()
      this.next = page.next
      this.complete = page.complete
      this.reached = page.reached
      this.problem = null
    } catch (error) {
      this.fail(error)
    } finally {
      this.loadingMore = false
    }
  }

  /** The page is left: its stream ends, its rows stay; what was still loading is dropped. */
  leave(): void {
    if (this.loading) {
      this.abort.abort()
      this.loading = false
      this.ready = false
    }
    this.stop?.()
    this.stop = null
    this.backoff.stop()
    clearTimeout(this.emptyTimer)
    this.facets.rest()
    this.refresher.rest()
  }

  /** Select a row, or no longer; as a range, all from the row that was selected last. */
  pick(uuid: string, range: boolean): void {
    const now = new Set(this.chosen)
    const added = range ? between(this.rows, this.anchor, uuid) : []
    for (const one of added) now.add(one)
    if (!range && !now.delete(uuid)) now.add(uuid)
    this.anchor = uuid
    this.select(now)
  }

  /** Select every row of the page, or none when all of them are. */
  pickPage(): void {
    const page = this.onPage()
    this.select(this.chosen.size === page.size ? new Set() : page)
  }

  /** Select all that match, however many. */
  pickAll(): void {
    if (this.rows.items.length === 0) return
    this.select(this.onPage())
    this.all = true
  }

  clear(): void {
    this.anchor = null
    this.select(new Set())
  }

  pause(paused: boolean): void {
    this.paused = paused
    this.catchUp()
  }

  /** The neighbour of a task on the page; null at its ends, and for what is not on it. */
  neighbour(uuid: string, step: 1 | -1): string | null {
    const at = this.rows.items.findIndex((row) => row.uuid === uuid)
    return at < 0 ? null : (this.rows.items[at + step]?.uuid ?? null)
  }

  private select(chosen: ReadonlySet<string>): void {
    this.chosen = chosen
    this.all = false
    this.catchUp()
  }

  private onPage(): ReadonlySet<string> {
    return new Set(this.rows.items.map((row) => row.uuid))
  }

  private catchUp(): void {
    if (this.frozen) return
    this.rows = thawed(this.rows)
    this.begin()
  }

  private follow(): void {
    this.stop?.()
    this.stop = this.feed.follow({
      q: this.search.q,
      tz: this.search.tz,
      left: true,
      after: this.seq,
      changes: (changes) => this.hear(changes),
      reset: (seq) => this.hear({ seq, items: [], new: [], left: [], skipped: null }),
    })
    this.facets.wake()
  }

  private hear(changes: Changes): void {
    this.seq = changes.seq
    this.rows = changed(this.rows, changes, this.frozen)
    this.refresher.ask(stale(this.rows, changes))
    this.facets.touch()
    this.begin()
  }

  /** The first tasks that match are shown without a click: no row can move under the pointer. */
  private begin(): void {
    const { items, waiting, waitingMore } = this.rows
    if (items.length > 0 || this.frozen || this.loading || this.stop === null) return
    if (waiting.size > 0) void this.load()
    else if (waitingMore) {
      clearTimeout(this.emptyTimer)
      const rest_ms = Math.max(0, this.loadedAt + EMPTY_AGAIN_MS - Date.now())
      this.emptyTimer = setTimeout(() => {
        if (!this.frozen) void this.load()
      }, rest_ms)
    }
  }

  private update(rows: readonly TaskRow[]): void {
    this.rows = refreshed(this.rows, rows, this.frozen)
  }

  private fail(error: unknown): void {
    if (isAbandoned(error)) return
    if (!(error instanceof Problem)) throw error
    this.problem = error
    this.backoff.failed(error)
    if (error.span === null) return
    this.chips = []
    // Nothing was shown yet: how many tasks there are is known whatever the search says.
    if (!this.ready) this.facets.show('', this.search.tz, [])
  }
}

export const tasks = new TasksModel()
