/**
 * A workflow as a graph in layers, from left to right: each box right of all that it needs. Siblings of
 * one name that need and are needed alike are one box, so that a chord of ten thousand is three boxes.
 *
 * Layers are those of the longest way from a beginning; within a layer boxes stand in the order of the
 * middle of what they need (the barycentre heuristic of layered drawing).
 */

import type { ExpectedTask, WorkflowDetail, WorkflowNode } from '../api/schema'
import { readyAt } from './bars'

export interface GraphBox {
  key: string
  name: string | null
  nodes: WorkflowNode[]
  /** The first of so many that are expected `alike`. */
  expected: ExpectedTask | null
  alike: number
  /** Column and row, from 0. */
  layer: number
  row: number
}

export interface GraphEdge {
  from: GraphBox
  to: GraphBox
  /** The body of a chord waits for all of them. */
  fanIn: boolean
}

export interface Graph {
  boxes: GraphBox[]
  edges: GraphEdge[]
  layers: number
  rows: number
  /** Boxes that are left out, the last ones. */
  more: number
}

/** Fewer siblings of one name have a box each. */
const FOLD_FROM = 4
export const BOXES_MAX = 400

export function graphOf({ tasks, expected, groups }: Pick<WorkflowDetail, 'tasks' | 'expected' | 'groups'>): Graph {
  const ordered = [...tasks].sort((a, b) => readyAt(a) - readyAt(b))
  const { boxes: all, boxOf } = boxesOf(ordered, expected)
  const boxes = all.slice(0, BOXES_MAX)
  const bodies = new Map(groups.map(({ group_id, body_id }) => [group_id, body_id]))
  const edges = edgesOf(ordered, expected, boxOf, new Set(boxes), bodies)
  const layers = intoLayers(boxes, edges)
  const rows = intoRows(boxes, edges, layers)
  return { boxes, edges, layers, rows, more: all.length - boxes.length }
}

/** Tasks that stand alike: sent by one box, of one name, waited for by one body, without a body themselves. */
function boxesOf(tasks: readonly WorkflowNode[], expected: readonly ExpectedTask[]): { boxes: GraphBox[]; boxOf: Map<string, GraphBox> } {
  const bodies = new Set(tasks.map(({ chord_id }) => chord_id))
  const alike = new Map<string, WorkflowNode[]>()
  const keyOf = (task: WorkflowNode): string => (bodies.has(task.uuid) ? task.uuid : `${task.parent_id} ${task.chord_id} ${task.name}`)
  for (const task of tasks) {
    const some = alike.get(keyOf(task))
    if (some) some.push(task)
    else alike.set(keyOf(task), [task])
  }
  const boxOf = new Map<string, GraphBox>()
  const boxes: GraphBox[] = []
  const add = (nodes: WorkflowNode[], alike: readonly ExpectedTask[]): void => {
    const first = alike[0] ?? null
    const box: GraphBox = { key: nodes[0]?.uuid ?? first?.uuid ?? '', name: nodes[0]?.name ?? first?.name ?? null, nodes, expected: first, alike: alike.length, layer: 0, row: 0 }
    boxes.push(box)
    for (const { uuid } of nodes) boxOf.set(uuid, box)
    for (const { uuid } of alike) boxOf.set(uuid, box)
  }
  for (const some of alike.values()) {
    if (some.length >= FOLD_FROM) add(some, [])
    else for (const one of some) add([one], [])
  }
  for (const some of expectedAlike(expected)) {
    if (some.length >= FOLD_FROM) add([], some)
    else for (const one of some) add([], [one])
  }
  return { boxes, boxOf }
}

/** Members of one group that are expected alike. */
function expectedAlike(expected: readonly ExpectedTask[]): Iterable<ExpectedTask[]> {
  const found = new Map<string, ExpectedTask[]>()
  for (const one of expected) {
    const key = one.kind === 'member' ? `${one.group_id} ${one.state} ${one.name}` : one.uuid
    const some = found.get(key)
    if (some) some.push(one)
    else found.set(key, [one])
  }
  return found.values()
}

function edgesOf(tasks: readonly WorkflowNode[], expected: readonly ExpectedTask[], boxOf: ReadonlyMap<string, GraphBox>, shown: ReadonlySet<GraphBox>, bodyOf: ReadonlyMap<string, string | null>): GraphEdge[] {
  const edges = new Map<string, GraphEdge>()
  const add = (from: GraphBox | undefined, to: GraphBox | undefined, fanIn: boolean): void => {
    if (from && to && from !== to && shown.has(from) && shown.has(to)) edges.set(`${from.key} ${to.key}`, { from, to, fanIn })
  }
  const bodies = new Set(tasks.map(({ chord_id }) => chord_id))
  for (const task of tasks) {
    // A body stands after all members, and not after the one that happened to send it.
    if (!bodies.has(task.uuid)) add(boxOf.get(task.parent_id ?? ''), boxOf.get(task.uuid), false)
    if (task.chord_id !== null) add(boxOf.get(task.uuid), boxOf.get(task.chord_id), true)
  }
  for (const one of expected) {
    if (one.after !== null) add(boxOf.get(one.after), boxOf.get(one.uuid), false)
    if (one.kind === 'member' && one.group_id !== null) add(boxOf.get(one.uuid), boxOf.get(bodyOf.get(one.group_id) ?? ''), true)
  }
  return [...edges.values()]
}

/** Put each box right of all that it needs; how many layers there are. A ring ends where it began. */
function intoLayers(boxes: readonly GraphBox[], edges: readonly GraphEdge[]): number {
  const after = new Map<GraphBox, GraphBox[]>()
  const missing = new Map<GraphBox, number>()
  for (const { from, to } of edges) {
    after.set(from, [...(after.get(from) ?? []), to])
    missing.set(to, (missing.get(to) ?? 0) + 1)
  }
  const ready = boxes.filter((box) => !missing.has(box))
  for (let box = ready.shift(); box !== undefined; box = ready.shift()) {
    for (const next of after.get(box) ?? []) {
      next.layer = Math.max(next.layer, box.layer + 1)
      const left = (missing.get(next) ?? 1) - 1
      missing.set(next, left)
      if (left === 0) ready.push(next)
    }
  }
  return boxes.reduce((most, { layer }) => Math.max(most, layer + 1), 0)
}

/** Give each box its row; how many rows there are. */
function intoRows(boxes: readonly GraphBox[], edges: readonly GraphEdge[], layers: number): number {
  const before = new Map<GraphBox, GraphBox[]>()
  for (const { from, to } of edges) before.set(to, [...(before.get(to) ?? []), from])
  const columns = Array.from({ length: layers }, (): GraphBox[] => [])
  for (const box of boxes) columns[box.layer]?.push(box)
  const rows = Math.max(1, ...columns.map((column) => column.length))
  for (const column of columns) {
    const wanted = new Map(column.map((box) => [box, middle(before.get(box) ?? [])]))
    column.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0))
    const first = (rows - column.length) / 2
    column.forEach((box, index) => (box.row = first + index))
  }
  return rows
}

function middle(boxes: readonly GraphBox[]): number {
  return boxes.length === 0 ? 0 : boxes.reduce((sum, { row }) => sum + row, 0) / boxes.length
}
