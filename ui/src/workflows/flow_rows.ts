/**
 * The rows of a workflow: each task below the one that sent it, or whose end set it off. The body of
 * a chord stands beside the members that it waited for, where workers told which these are, and not
 * below the one that happened to end last. Many siblings of one name are one row until someone opens
 * them; the first that failed stand below it.
 */

import type { ExpectedTask, WorkflowDetail, WorkflowNode } from '../api/schema'
import { isOver, readyAt } from './bars'

export type FlowRow =
  | { kind: 'task'; key: string; depth: number; node: WorkflowNode; orphan: boolean }
  | { kind: 'expected'; key: string; depth: number; expected: ExpectedTask }
  | { kind: 'fold'; key: string; depth: number; name: string; nodes: WorkflowNode[]; expected: ExpectedTask[]; open: boolean }

export interface Branch {
  node: WorkflowNode | null
  expected: ExpectedTask | null
  parent: Branch | null
  children: Branch[]
  orphan: boolean
  /** How many at or below it failed, were revoked or rejected. */
  bad: number
}

/** Fewer siblings of one name are shown one by one. */
const FOLD_FROM = 6
/** So many failures stand below a fold that is closed. */
const BAD_SHOWN = 3
const BAD: ReadonlySet<string> = new Set(['FAILURE', 'REJECTED', 'REVOKED'])

export function isBad(state: string): boolean {
  return BAD.has(state)
}

/** The trees of a workflow, oldest first. */
export function grow(detail: Pick<WorkflowDetail, 'tasks' | 'expected'>): Branch[] {
  const branches = new Map<string, Branch>()
  for (const node of detail.tasks) branches.set(node.uuid, branch(node, null))
  for (const expected of detail.expected) branches.set(expected.uuid, branch(null, expected))
  const members = firstMembers(detail.tasks)
  const senders = sendersOf(detail.expected)
  const tops: Branch[] = []
  for (const each of branches.values()) {
    const parent = branches.get(parentId(each, members, senders) ?? '')
    if (parent && parent !== each && !(each.children.length > 0 && isBelow(parent, each))) {
      each.parent = parent
      parent.children.push(each)
    } else {
      each.orphan = each.node !== null && each.node.parent_id !== null && !members.has(each.node.uuid)
      tops.push(each)
    }
  }
  inOrder(tops)
  return tops
}

function branch(node: WorkflowNode | null, expected: ExpectedTask | null): Branch {
  return { node, expected, parent: null, children: [], orphan: false, bad: 0 }
}

/** By the id of a chord's body, a member that it waits for. */
function firstMembers(tasks: readonly WorkflowNode[]): Map<string, WorkflowNode> {
  const found = new Map<string, WorkflowNode>()
  for (const task of tasks) {
    if (task.chord_id !== null && !found.has(task.chord_id)) found.set(task.chord_id, task)
  }
  return found
}

/** By the id of a group, the task that sent its members, where none of them was seen. */
function sendersOf(expected: readonly ExpectedTask[]): Map<string, string> {
  return new Map(expected.flatMap(({ kind, group_id, after }): [string, string][] => (kind === 'member' && group_id !== null && after !== null ? [[group_id, after]] : [])))
}

function parentId({ node, expected }: Branch, members: ReadonlyMap<string, WorkflowNode>, senders: ReadonlyMap<string, string>): string | null {
  const member = members.get(node?.uuid ?? expected?.uuid ?? '')
  if (member) return member.parent_id
  if (expected?.kind === 'chord' && expected.group_id !== null) return senders.get(expected.group_id) ?? null
  return node?.parent_id ?? expected?.after ?? null
}

/** Whether `one` stands at or below `other` already. */
function isBelow(one: Branch, other: Branch): boolean {
  for (let at: Branch | null = one; at !== null; at = at.parent) if (at === other) return true
  return false
}

/** Sort all branches by time, what is still to come last, and count failures from the leaves up. */
function inOrder(tops: Branch[]): void {
  const all: Branch[] = []
  const left = [tops]
  for (let some = left.pop(); some !== undefined; some = left.pop()) {
    some.sort((a, b) => startOf(a) - startOf(b))
    for (const each of some) {
      all.push(each)
      if (each.children.length > 0) left.push(each.children)
    }
  }
  for (const each of all.reverse()) {
    each.bad += each.node !== null && isBad(each.node.state) ? 1 : 0
    if (each.parent) each.parent.bad += each.bad
  }
}

function startOf({ node }: Branch): number {
  return node === null ? Infinity : readyAt(node)
}

/** Rows from top to bottom. `opened` holds the keys of folds that someone opened. */
export function flowRows(tops: readonly Branch[], opened: ReadonlySet<string>): FlowRow[] {
  const rows: FlowRow[] = []
  const left: { part: Part; depth: number; parent: string }[] = []
  const add = (branches: readonly Branch[], depth: number, parent: string): void => {
    for (const part of parts(branches).reverse()) left.push({ part, depth, parent })
  }
  add(tops, 0, '')
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { part, depth, parent } = next
    if (!Array.isArray(part)) {
      rows.push(rowOf(part, depth))
      add(part.children, depth + 1, idOf(part))
      continue
    }
    const row = foldRow(part, depth, parent, opened)
    rows.push(row)
    const shown = row.open ? part : part.filter(({ bad }) => bad > 0).slice(0, BAD_SHOWN)
    for (const each of shown.toReversed()) left.push({ part: each, depth: depth + 1, parent })
  }
  return rows
}

function idOf({ node, expected }: Branch): string {
  return node?.uuid ?? expected?.uuid ?? ''
}

function rowOf(one: Branch, depth: number): FlowRow {
  if (one.node) return { kind: 'task', key: one.node.uuid, depth, node: one.node, orphan: one.orphan }
  return { kind: 'expected', key: idOf(one), depth, expected: one.expected as ExpectedTask }
}

function foldRow(some: readonly Branch[], depth: number, parent: string, opened: ReadonlySet<string>): FlowRow & { kind: 'fold' } {
  const key = foldKey(some[0] as Branch, parent)
  const nodes = some.flatMap(({ node }) => node ?? [])
  const expected = some.flatMap((each) => each.expected ?? [])
  return { kind: 'fold', key, depth, name: nodes[0]?.name ?? expected[0]?.name ?? '', nodes, expected, open: opened.has(key) }
}

function foldKey(one: Branch, parent: string): string {
  return `${parent}/${alikeKey(one) ?? ''}`
}

/** What is the same of all that may be one row; null of what always has its own. */
function alikeKey({ node, expected }: Branch): string | null {
  if (node !== null) return node.name ?? ''
  return expected?.kind === 'member' || expected?.kind === 'task' ? ` ${expected.state} ${expected.name ?? ''}` : null
}

type Part = Branch | Branch[]

/** Branches in order, those of one name together where the first stands. */
function parts(branches: readonly Branch[]): Part[] {
  const alike = new Map<string, Branch[]>()
  for (const each of branches) {
    const name = alikeKey(each)
    if (name === null) continue
    const some = alike.get(name)
    if (some) some.push(each)
    else alike.set(name, [each])
  }
  return branches.flatMap((each): Part[] => {
    const some = alike.get(alikeKey(each) ?? '\n') ?? []
    if (some.length < FOLD_FROM) return [each]
    return some[0] === each ? [some] : []
  })
}

/** The keys of the folds that must be open to see a task. */
export function foldsAbove(tops: readonly Branch[], uuid: string): string[] {
  const left: { branches: readonly Branch[]; parent: string; folds: string[] }[] = [{ branches: tops, parent: '', folds: [] }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const part of parts(next.branches)) {
      for (const each of Array.isArray(part) ? part : [part]) {
        const folds = Array.isArray(part) ? [...next.folds, foldKey(each, next.parent)] : next.folds
        if (each.node?.uuid === uuid) return folds
        if (each.children.length > 0) left.push({ branches: each.children, parent: idOf(each), folds })
      }
    }
  }
  return []
}

/** The row of the task that began last, of those that have not ended if there are any; -1 without. */
export function newest(rows: readonly FlowRow[]): number {
  let [found, at, open] = [-1, -Infinity, false]
  rows.forEach((row, index) => {
    for (const node of row.kind === 'task' ? [row.node] : row.kind === 'fold' && !row.open ? row.nodes : []) {
      const isOpen = !isOver(node.state)
      const began = node.started ?? readyAt(node)
      if (isOpen === open ? began < at : open) continue
      ;[found, at, open] = [index, began, isOpen]
    }
  })
  return found
}

/** All failures, in the order of the rows, each with the keys of the folds that must be open to see it. */
export function failures(tops: readonly Branch[]): { uuid: string; folds: string[] }[] {
  const found: { uuid: string; folds: string[] }[] = []
  const left: { each: Branch; folds: string[] }[] = []
  const add = (branches: readonly Branch[], parent: string, folds: string[]): void => {
    const below = parts(branches).flatMap((part) =>
      Array.isArray(part) ? part.map((each) => ({ each, folds: [...folds, foldKey(each, parent)] })) : [{ each: part, folds }],
    )
    for (const next of below.reverse()) if (next.each.bad > 0) left.push(next)
  }
  add(tops, '', [])
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { each, folds } = next
    if (each.node && isBad(each.node.state)) found.push({ uuid: each.node.uuid, folds })
    add(each.children, idOf(each), folds)
  }
  return found
}
