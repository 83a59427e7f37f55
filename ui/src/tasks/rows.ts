/**
 * The rows of the Tasks page as changes come in: what is on the page is updated where it
 * stands, what is new waits, and nothing ever moves by itself.
 *
 * All functions give a new value and leave the old one alone.
 */

import type { Changes, TaskRow } from '../api/types'

export interface Rows {
  /** What is on the page, in the order in which it was loaded. */
  items: readonly TaskRow[]
  /** Ids of tasks that match now, did not before, and are not on the page. */
  waiting: ReadonlySet<string>
  /** More than `waiting` wait: some changes were left out. */
  waitingMore: boolean
  /** Ids on the page that no longer match. */
  gone: ReadonlySet<string>
  /** Newer versions of rows on the page, held back while it is frozen. */
  held: ReadonlyMap<string, TaskRow>
  /** Ids on the page that stopped matching while it is frozen. */
  leaving: ReadonlySet<string>
}

/** So many ids of new tasks are told apart: at thousands of events a second a page left open would
 * grow by the hour. */
export const WAITING_MAX = 10_000

export const NO_ROWS: Rows = {
  items: [],
  waiting: new Set(),
  waitingMore: false,
  gone: new Set(),
  held: new Map(),
  leaving: new Set(),
}

/** A page that was just loaded. */
export function loaded(items: readonly TaskRow[]): Rows {
  return { ...NO_ROWS, items }
}

/** The page after another one was loaded behind it. A task that moved on stays where it was. */
export function extended(rows: Rows, more: readonly TaskRow[]): Rows {
  const shown = new Set(rows.items.map((row) => row.uuid))
  const fresh = more.filter((row) => !shown.has(row.uuid))
  const waiting = new Set(rows.waiting)
  for (const row of fresh) waiting.delete(row.uuid)
  return { ...rows, items: [...rows.items, ...fresh], waiting }
}

/** The page after `changes`. */
export function changed(rows: Rows, changes: Changes, frozen: boolean): Rows {
  const shown = new Set(rows.items.map((row) => row.uuid))
  const updates = changes.items.filter((row) => shown.has(row.uuid))
  const waiting = new Set(rows.waiting)
  const fresh = changes.new.filter((uuid) => !shown.has(uuid) && !waiting.has(uuid))
  const room = WAITING_MAX - waiting.size
  for (const uuid of fresh.slice(0, room)) waiting.add(uuid)
  const leaving = new Set(rows.leaving)
  const gone = new Set(rows.gone)
  for (const row of updates) {
    leaving.delete(row.uuid)
    if (!frozen) gone.delete(row.uuid)
  }
  for (const uuid of changes.left) {
    waiting.delete(uuid)
    if (shown.has(uuid)) (frozen ? leaving : gone).add(uuid)
  }
  const waitingMore = rows.waitingMore || fresh.length > room || changes.skipped === null || changes.skipped > 0
  return refreshed({ ...rows, waiting, waitingMore, gone, leaving }, updates, frozen)
}

/** The page after newer versions of some of its rows came; held back while it is frozen. */
export function refreshed(rows: Rows, updates: readonly TaskRow[], frozen: boolean): Rows {
  if (updates.length === 0) return rows
  const held = new Map(rows.held)
  for (const row of updates) held.set(row.uuid, row)
  return frozen ? { ...rows, held } : thawed({ ...rows, held })
}

/** The page with everything that was held back. */
export function thawed(rows: Rows): Rows {
  if (rows.held.size === 0 && rows.leaving.size === 0) return rows
  const items = rows.items.map((row) => rows.held.get(row.uuid) ?? row)
  const gone = new Set([...rows.gone, ...rows.leaving])
  return { ...rows, items, gone, held: new Map(), leaving: new Set() }
}

/** Which rows have to be asked for again: those whose change was told without the row. */
export function stale(rows: Rows, changes: Changes): string[] {
  const shown = rows.items.map((row) => row.uuid)
  if (changes.skipped === null || changes.skipped > 0) return shown
  const left = new Set(changes.left)
  return shown.filter((uuid) => left.has(uuid))
}

/** "24 new tasks", "over 24 new tasks", or null when none wait. Of a list without rows the left
 * out changes say nothing: most tasks do not match what matched none. */
export function waitingLabel(rows: Rows): string | null {
  const count = rows.waiting.size
  if (count === 0) return rows.waitingMore && rows.items.length > 0 ? 'New tasks' : null
  const noun = count === 1 && !rows.waitingMore ? 'task' : 'tasks'
  return `${rows.waitingMore ? 'over ' : ''}${count.toLocaleString('en')} new ${noun}`
}

/** "3 no longer match", or null while all rows do. */
export function goneLabel(rows: Rows): string | null {
  const count = rows.items.filter((row) => rows.gone.has(row.uuid)).length
  if (count === 0) return null
  return count === 1 ? '1 no longer matches' : `${count.toLocaleString('en')} no longer match`
}

/** Ids of the rows from one to another, both of them with it; without `from`, `to` alone. */
export function between(rows: Rows, from: string | null, to: string): string[] {
  const ids = rows.items.map((row) => row.uuid)
  const start = from === null ? -1 : ids.indexOf(from)
  const end = ids.indexOf(to)
  if (end < 0) return []
  return start < 0 ? [to] : ids.slice(Math.min(start, end), Math.max(start, end) + 1)
}
