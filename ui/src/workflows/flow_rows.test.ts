import { describe, expect, test } from 'vitest'
import type { ExpectedTask, WorkflowNode } from '../api/schema'
import { aNode, anExpected } from './example'
import { failures, flowRows, foldsAbove, grow, newest } from './flow_rows'

function lines(tasks: WorkflowNode[], expected: ExpectedTask[] = [], opened: string[] = []): string[] {
  return flowRows(grow({ tasks, expected }), new Set(opened)).map((row) => {
    const what = row.kind === 'fold' ? `${row.nodes.length} x ${row.name}` : row.kind === 'task' ? row.key : `(${row.key})`
    return `${'.'.repeat(row.depth)}${what}`
  })
}

const many = (count: number, more: (n: number) => Partial<WorkflowNode> = () => ({})): WorkflowNode[] =>
  Array.from({ length: count }, (_, n) => aNode(`m${n}`, { name: 'shop.part', parent_id: 'root', seen: 1 + n, ...more(n) }))

describe('rows', () => {
  test('stand below what sent them, oldest first', () => {
    const tasks = [aNode('root'), aNode('late', { parent_id: 'root', seen: 9 }), aNode('early', { parent_id: 'root', seen: 3 }), aNode('leaf', { parent_id: 'early', seen: 5 })]

    expect(lines(tasks)).toEqual(['root', '.early', '..leaf', '.late'])
  })

  test('the body of a chord stands beside those that it waited for', () => {
    const part = (n: number) => aNode(`p${n}`, { parent_id: 'root', seen: n, chord_id: 'body', group_id: 'g' })
    const parts = [part(1), part(2), part(3)]

    expect(lines([aNode('root'), ...parts, aNode('body', { parent_id: 'p3', seen: 8 })])).toEqual(['root', '.p1', '.p2', '.p3', '.body'])
    expect(lines([aNode('root'), ...parts], [anExpected('body')])).toEqual(['root', '.p1', '.p2', '.p3', '.(body)'])
  })

  test('links of a chain that did not come stand below the last that came', () => {
    const links = [anExpected('b', { kind: 'chain', after: 'a' }), anExpected('c', { kind: 'chain', after: 'b' })]

    expect(lines([aNode('a')], links)).toEqual(['a', '.(b)', '..(c)'])
  })

  test('a parent that was never seen, and a ring, leave nothing out', () => {
    const tops = grow({ tasks: [aNode('a', { parent_id: 'gone' }), aNode('x', { parent_id: 'y' }), aNode('y', { parent_id: 'x' }), aNode('z', { parent_id: 'z' })], expected: [] })

    expect(flowRows(tops, new Set())).toHaveLength(4)
    expect(tops[0]?.orphan).toBe(true)
  })
})

describe('folds', () => {
  test('siblings of one name are one row, below which the first failures stand', () => {
    const tasks = [aNode('root'), ...many(500, (n) => ({ state: n % 100 === 7 ? 'FAILURE' : 'SUCCESS' }))]

    expect(lines(tasks)).toEqual(['root', '.500 x shop.part', '..m7', '..m107', '..m207'])
    expect(lines(tasks, [], ['root/shop.part'])).toHaveLength(502)
    expect(lines([aNode('root'), ...many(5)])).toHaveLength(6)
  })

  test('what failed below a sibling makes it stand out', () => {
    const tasks = [aNode('root'), ...many(50), aNode('deep', { parent_id: 'm30', seen: 99, state: 'FAILURE' })]

    expect(lines(tasks)).toEqual(['root', '.50 x shop.part', '..m30', '...deep'])
  })

  test('ten thousand tasks, wide or deep, are laid out in no time', () => {
    const deep = Array.from({ length: 10_000 }, (_, n) => aNode(`d${n}`, { parent_id: n === 0 ? null : `d${n - 1}`, seen: n }))

    expect(lines([aNode('root'), ...many(10_000)])).toHaveLength(2)
    expect(flowRows(grow({ tasks: deep.slice(0, 2_000), expected: [] }), new Set())).toHaveLength(2_000)
  })
})

test('failures are walked in the order of the rows, with the folds above them', () => {
  const tasks = [aNode('root', { state: 'FAILURE' }), ...many(50, (n) => ({ state: n === 20 ? 'REVOKED' : 'SUCCESS' })), aNode('deep', { parent_id: 'm30', seen: 99, state: 'FAILURE' })]

  expect(failures(grow({ tasks, expected: [] }))).toEqual([
    { uuid: 'root', folds: [] },
    { uuid: 'm20', folds: ['root/shop.part'] },
    { uuid: 'deep', folds: ['root/shop.part'] },
  ])
})

test('members that were never seen are one row below the task that sent them, and the body beside them', () => {
  const expected = [
    ...Array.from({ length: 7 }, (_, n) => anExpected(`m${n}`, { name: null, kind: 'member', state: 'due', after: 'root', group_id: 'g' })),
    anExpected('m7', { name: null, kind: 'member', state: 'queued', after: 'root', group_id: 'g' }),
    anExpected('body', { state: 'waiting', group_id: 'g' }),
  ]

  const rows = flowRows(grow({ tasks: [aNode('root')], expected }), new Set())

  expect(rows.map((row) => [row.kind, row.depth, row.kind === 'fold' ? row.expected.length : row.key])).toEqual([
    ['task', 0, 'root'], ['fold', 1, 7], ['expected', 1, 'm7'], ['expected', 1, 'body'],
  ])
})

test('the newest is the one that began last of those that have not ended', () => {
  const tasks = [aNode('root', { started: 0 }), aNode('a', { parent_id: 'root', seen: 1, started: 1, state: 'STARTED' }), aNode('b', { parent_id: 'root', seen: 2, started: 5 })]
  const index = (some: typeof tasks): number => newest(flowRows(grow({ tasks: some, expected: [] }), new Set()))

  expect(index(tasks)).toBe(1)
  expect(index(tasks.map((task) => ({ ...task, state: 'SUCCESS' })))).toBe(2)
  expect(newest([])).toBe(-1)
})

test('the folds above a task are found', () => {
  const tasks = [aNode('root'), ...many(7), aNode('leaf', { parent_id: 'm3', seen: 9 })]

  expect(foldsAbove(grow({ tasks, expected: [] }), 'leaf')).toEqual(['root/shop.part'])
  expect(foldsAbove(grow({ tasks, expected: [] }), 'root')).toEqual([])
})
