/** Workers as the rows of a table: all of them in sum, groups that fold, and single ones. */

import type { Worker } from '../api/types'
import { searchOf } from '../frame/address'
import { sorted, type Column } from '../parts/table'
import { byStatus, isGone, versionOf, type Grouping, type WorkerSearch } from './list'

/** A sum of what is known; of `unknown` workers it is not, so it is at least so much. */
export interface Sum {
  value: number
  unknown: number
}

export interface Sums {
  running: Sum
  pool: Sum
  succeeded: Sum
  failed: Sum
  memory: Sum
  restarts: Sum
  /** Per bucket; of workers of which it is known. */
  trend: readonly number[]
  failures: readonly number[]
}

export interface WorkerItem {
  kind: 'worker'
  worker: Worker
  /** It stands below the head of its group. */
  inside: boolean
}

/** Some workers in one row: a group, or all that are found. */
export interface GroupItem {
  kind: 'group' | 'all'
  title: string
  workers: readonly Worker[]
  sums: Sums
  open: boolean
}

export type Item = WorkerItem | GroupItem

/** A table of fewer workers needs no sum. */
const SUMMED_FROM = 2

/** The rows of the table, in their order: what is in a group only where it is open. */
export function arranged(workers: readonly Worker[], search: WorkerSearch, columns: readonly Column<Item>[]): Item[] {
  const all: Item[] = workers.length < SUMMED_FROM ? [] : [groupOf('all', '', workers, true)]
  const { by, open, order } = search
  if (by === null) return [...all, ...sorted(workers.map((worker) => itemOf(worker, false)), columns, order)]
  const isOpen = new Set(open)
  const groups = [...grouped(workers, by)].map(([title, some]) => groupOf('group', title, some, isOpen.has(title)))
  const inOrder = sorted(groups, columns as readonly Column<GroupItem>[], order ?? { key: 'worker', descending: false })
  for (const group of inOrder) {
    all.push(group)
    if (group.open) all.push(...sorted(group.workers.map((worker) => itemOf(worker, true)), columns, order))
  }
  return all
}

/** What tells a row from the others as long as it is the same one. */
export function idOf(item: Item): string {
  return item.kind === 'worker' ? `worker ${item.worker.hostname}` : `${item.kind} ${item.title}`
}

/** Where those of a deployment are compared that are online; null where there are no two. */
export function comparePath({ kind, title, workers }: GroupItem): string | null {
  const isDeployment = kind === 'group' && workers.every(({ deployment }) => deployment === title)
  if (!isDeployment || byStatus(workers).online < SUMMED_FROM) return null
  return `workers/diff${searchOf(new URLSearchParams({ deployment: title }))}`
}

export function sumsOf(workers: readonly Worker[]): Sums {
  const living = workers.filter((worker) => !isGone(worker))
  return {
    running: sum(living, ({ active }) => active),
    pool: sum(living, ({ pool }) => pool),
    succeeded: sum(workers, ({ succeeded }) => succeeded),
    failed: sum(workers, ({ failed }) => failed),
    memory: sum(living, ({ memory_bytes }) => memory_bytes),
    restarts: sum(workers, ({ restarts }) => restarts),
    trend: added(workers.map(({ trend }) => trend ?? [])),
    failures: added(workers.map(({ failures }) => failures ?? [])),
  }
}

/** "w1@eu-1, w2@eu-1": the queues of all, each once. */
export function queuesOf(workers: readonly Worker[]): string[] {
  return [...new Set(workers.flatMap(({ queues }) => queues ?? []))].toSorted()
}

export function versionsOf(workers: readonly Worker[]): string[] {
  return [...new Set(workers.flatMap((worker) => versionOf(worker) ?? []))].toSorted()
}

function grouped(workers: readonly Worker[], by: Grouping): Map<string, Worker[]> {
  const groups = new Map<string, Worker[]>()
  for (const worker of workers) {
    const title = by === 'version' ? (versionOf(worker) ?? 'version not known') : worker[by]
    const group = groups.get(title)
    if (group) group.push(worker)
    else groups.set(title, [worker])
  }
  return groups
}

function itemOf(worker: Worker, inside: boolean): Item {
  return { kind: 'worker', worker, inside }
}

function groupOf(kind: 'group' | 'all', title: string, workers: readonly Worker[], open: boolean): GroupItem {
  return { kind, title, workers, sums: sumsOf(workers), open }
}

function sum(workers: readonly Worker[], of: (worker: Worker) => number | null): Sum {
  let [value, unknown] = [0, 0]
  for (const worker of workers) {
    const one = of(worker)
    if (one === null) unknown += 1
    else value += one
  }
  return { value, unknown }
}

function added(lines: readonly (readonly number[])[]): number[] {
  const total: number[] = []
  for (const line of lines) line.forEach((value, index) => (total[index] = (total[index] ?? 0) + value))
  return total
}
