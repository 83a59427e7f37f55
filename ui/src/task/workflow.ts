/**
 * The tree of a workflow, laid out in lines: each task below the one that called it, or whose end
 * set it off. Events tell of no groups: which tasks of a chord's header its body waited for is not
 * known, and tasks that a client sent as one group are workflows of their own. Many siblings alike, with nothing wrong, are one line until someone opens them.
 */

import type { State, TaskRow } from '../api/types'

export type Line =
  | { kind: 'task'; key: string; depth: number; task: TaskRow; orphan: boolean }
  | { kind: 'fold'; key: string; depth: number; name: string; tasks: TaskRow[]; open: boolean }

interface Branch {
  task: TaskRow
  children: Branch[]
  orphan: boolean
}

/** Fewer alike than this are shown one by one. */
const FOLD_FROM = 5
const BAD: ReadonlySet<State> = new Set(['FAILURE', 'REJECTED', 'REVOKED', 'RETRY', 'UNKNOWN'])

/** Lines from top to bottom. `opened` holds the keys of folds that someone opened. */
export function layout(
  tasks: readonly TaskRow[],
  current: string,
  opened: ReadonlySet<string> = new Set(),
): Line[] {
  const lines: Line[] = []
  const draw = (branches: readonly Branch[], depth: number, parent: string): void => {
    for (const part of groupAlike(branches, current)) {
      if (!Array.isArray(part)) {
        const { task, children, orphan } = part
        lines.push({ kind: 'task', key: task.uuid, depth, task, orphan })
        draw(children, depth + 1, task.uuid)
        continue
      }
      const name = part[0]?.task.name ?? ''
      const key = `${parent}/${name}`
      const open = opened.has(key)
      lines.push({ kind: 'fold', key, depth, name, tasks: part.map((one) => one.task), open })
      if (open) {
        for (const { task, orphan } of part) {
          lines.push({ kind: 'task', key: task.uuid, depth: depth + 1, task, orphan })
        }
      }
    }
  }
  draw(grow(tasks), 0, '')
  return lines
}

/** Trees, oldest first. A task whose parent is not there (or is a ring) stands at the top. */
function grow(tasks: readonly TaskRow[]): Branch[] {
  const branches = new Map<string, Branch>()
  for (const task of [...tasks].sort((a, b) => a.seen - b.seen)) {
    branches.set(task.uuid, { task, children: [], orphan: false })
  }
  const tops: Branch[] = []
  for (const branch of branches.values()) {
    const parent = branch.task.parent_id === null ? undefined : branches.get(branch.task.parent_id)
    if (parent && !isAbove(branch, parent, branches)) parent.children.push(branch)
    else {
      branch.orphan = branch.task.parent_id !== null
      tops.push(branch)
    }
  }
  return tops
}

function isAbove(branch: Branch, start: Branch, branches: ReadonlyMap<string, Branch>): boolean {
  const passed = new Set<Branch>()
  for (let at: Branch | undefined = start; at && !passed.has(at); ) {
    if (at === branch) return true
    passed.add(at)
    at = at.task.parent_id === null ? undefined : branches.get(at.task.parent_id)
  }
  return false
}

/** Branches in order, with those that are alike and well gathered where the first stands. */
function groupAlike(branches: readonly Branch[], current: string): (Branch | Branch[])[] {
  const alike = new Map<string, Branch[]>()
  for (const branch of branches) {
    if (!isFoldable(branch, current)) continue
    const name = branch.task.name ?? ''
    alike.set(name, [...(alike.get(name) ?? []), branch])
  }
  const parts: (Branch | Branch[])[] = []
  for (const branch of branches) {
    const group = isFoldable(branch, current) ? alike.get(branch.task.name ?? '') : undefined
    if (group === undefined || group.length < FOLD_FROM) parts.push(branch)
    else if (group[0] === branch) parts.push(group)
  }
  return parts
}

function isFoldable(branch: Branch, current: string): boolean {
  return branch.children.length === 0 && branch.task.uuid !== current && !BAD.has(branch.task.state)
}

/** How many tasks are in each state, most first. */
export function countByState(tasks: readonly TaskRow[]): { state: State; count: number }[] {
  const counts = new Map<State, number>()
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, count]) => ({ state, count })).sort((a, b) => b.count - a.count)
}

/** The workflow's tasks after some of them changed. */
export function updated(tasks: readonly TaskRow[], changes: readonly TaskRow[], root: string): TaskRow[] {
  const rows = new Map(tasks.map((task) => [task.uuid, task]))
  for (const task of changes) {
    if (rows.has(task.uuid) || task.root_id === root) rows.set(task.uuid, task)
  }
  return [...rows.values()]
}
