/**
 * The tasks of all clusters that a search finds: rows, how many each cluster has, and what is new.
 *
 * There is no stream over several clusters, so the first page is asked for again every few seconds:
 * known rows change where they stand, and new ones wait until somebody wants them.
 */

import { Problem } from '../api/problem'
import { api } from '../api/client'
import { isAbandoned } from '../api/transport'
import type { AllCount, Chip, ClusterTaskRow, SearchedCluster } from '../api/types'
import type { Search } from '../tasks/search'
import { keyOf, merged, newKeys } from './all_rows'

export const PAGE_SIZE = 50
/** More rows than this help nobody: a narrower search does. */
export const MOST_ROWS = 1_000
const PAUSE_MS = 4_000

export class AllTasksModel {
  rows: readonly ClusterTaskRow[] = $state.raw([])
  clusters: readonly SearchedCluster[] = $state.raw([])
  count: AllCount | null = $state.raw(null)
  chips: Chip[] = $state.raw([])
  sentence = $state('')
  /** What the search calls a cluster and none is. */
  absent: readonly string[] = $state.raw([])
  next: string | null = $state(null)
  problem: Problem | null = $state.raw(null)
  loading = $state(false)
  loadingMore = $state(false)
  /** Something was loaded at least once. */
  ready = $state(false)
  /** Rows that match and are not on the page. */
  waiting = $state(0)
  private search: Search | null = null
  private abort = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  /** Show the tasks that a search finds. */
  async show(search: Search): Promise<void> {
    this.leave()
    this.abort = new AbortController()
    this.search = search
    this.loading = true
    const { signal } = this.abort
    await this.attempt(signal, async () => {
      const [page, understood] = await Promise.all([
        api.allTasks({ ...search, limit: PAGE_SIZE }, signal),
        search.q.trim() === '' ? null : api.understand(search.q, search.tz, signal),
      ])
      this.rows = page.items
      this.clusters = page.clusters
      this.sentence = page.sentence
      this.absent = page.absent
      this.next = page.next
      this.chips = understood?.chips ?? []
      this.waiting = 0
      this.ready = true
    })
    if (signal.aborted) return
    this.loading = false
    if (this.problem === null || this.problem.canPass) void this.refresh()
  }

  /** What is behind the last row. */
  async more(): Promise<void> {
    const { search, next } = this
    if (search === null || next === null || this.loadingMore) return
    const { signal } = this.abort
    this.loadingMore = true
    await this.attempt(signal, async () => {
      const page = await api.allTasks({ ...search, limit: PAGE_SIZE, cursor: next }, signal)
      this.rows = merged(this.rows, page.items)
      this.clusters = page.clusters
      this.next = page.next
    })
    this.loadingMore = false
  }

  /** Show what waits. */
  async renew(): Promise<void> {
    if (this.search) await this.show(this.search)
  }

  /** Ask no more. */
  leave(): void {
    clearTimeout(this.timer)
    this.abort.abort()
  }

  private async refresh(): Promise<void> {
    const { search } = this
    const { signal } = this.abort
    if (search === null) return
    if (!document.hidden) await this.attempt(signal, () => this.ask(search, signal))
    if (signal.aborted) return
    this.timer = setTimeout(() => void this.refresh(), PAUSE_MS)
  }

  private async ask(search: Search, signal: AbortSignal): Promise<void> {
    const [page, count] = await Promise.all([
      api.allTasks({ ...search, limit: PAGE_SIZE }, signal),
      api.allCount(search.q, search.tz, signal),
    ])
    const byKey = new Map(page.items.map((row) => [keyOf(row), row]))
    this.waiting = newKeys(this.rows, page.items)
    this.rows = this.rows.map((row) => byKey.get(keyOf(row)) ?? row)
    this.clusters = page.clusters
    this.count = count
    if (this.rows.length === 0 && page.items.length > 0) await this.show(search)
  }

  private async attempt(signal: AbortSignal, ask: () => Promise<void>): Promise<void> {
    try {
      await ask()
      if (!signal.aborted) this.problem = null
    } catch (error) {
      if (signal.aborted || isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
    }
  }
}
