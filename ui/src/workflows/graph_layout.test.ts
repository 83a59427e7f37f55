import { expect, test } from 'vitest'
import type { WorkflowNode } from '../api/schema'
import { aNode, anExpected } from './example'
import { BOXES_MAX, graphOf } from './graph_layout'

const parts = (count: number): WorkflowNode[] =>
  Array.from({ length: count }, (_, n) => aNode(`p${n}`, { name: 'shop.part', parent_id: 'root', chord_id: 'body', seen: n + 1 }))

const drawn = (tasks: WorkflowNode[], expected = [] as ReturnType<typeof anExpected>[]): string[] => {
  const { boxes, edges } = graphOf({ tasks, expected, groups: [] })
  return [
    ...boxes.map((box) => `${box.layer}: ${box.nodes.length > 1 ? `${box.nodes.length} x ` : ''}${box.key}`),
    ...edges.map(({ from, to, fanIn }) => `${from.key} ${fanIn ? '=>' : '->'} ${to.key}`),
  ]
}

test('the body of a chord stands after all members', () => {
  expect(drawn([aNode('root'), ...parts(2), aNode('body', { parent_id: 'p1', seen: 9 }), aNode('next', { parent_id: 'body', seen: 10 })])).toEqual([
    '0: root', '1: p0', '1: p1', '2: body', '3: next',
    'root -> p0', 'p0 => body', 'root -> p1', 'p1 => body', 'body -> next',
  ])
})

test('ten thousand members are one box before what they block', () => {
  expect(drawn([aNode('root'), ...parts(9_998)], [anExpected('body')])).toEqual(['0: root', '1: 9998 x p0', '2: body', 'root -> p0', 'p0 => body'])
})

test('a ring of parents ends, and too many boxes are counted', () => {
  expect(graphOf({ tasks: [aNode('a', { parent_id: 'b' }), aNode('b', { parent_id: 'a' })], expected: [], groups: [] }).boxes).toHaveLength(2)
  const many = Array.from({ length: 1_000 }, (_, n) => aNode(`n${n}`, { parent_id: n === 0 ? null : `n${n - 1}`, seen: n }))
  const graph = graphOf({ tasks: many, expected: [], groups: [] })
  expect([graph.boxes.length, graph.more, graph.layers]).toEqual([BOXES_MAX, 1_000 - BOXES_MAX, BOXES_MAX])
})

test('boxes of a layer stand in the order of what they need', () => {
  const tasks = ['a', 'b'].map((name, n) => aNode(name, { seen: n })).concat([aNode('of-b', { parent_id: 'b', seen: 5 }), aNode('of-a', { parent_id: 'a', seen: 6 })])
  const rows = new Map(graphOf({ tasks, expected: [], groups: [] }).boxes.map(({ key, row }) => [key, row]))
  expect([rows.get('of-a'), rows.get('of-b')]).toEqual([0, 1])
})

test('members that were never seen lead to the body of their chord, many as one box', () => {
  const expected = [
    ...Array.from({ length: 5 }, (_, n) => anExpected(`m${n}`, { name: null, kind: 'member', state: 'due', after: 'root', group_id: 'g' })),
    anExpected('body', { state: 'waiting', group_id: 'g' }),
  ]
  const group = { group_id: 'g', source: 'results' as const, members: 5, seen: 0, is_whole: true, body_id: 'body', size: 5, returned: 0 }
  const { boxes, edges } = graphOf({ tasks: [aNode('root')], expected, groups: [group] })

  expect(boxes.map(({ key, alike, layer }) => [key, alike, layer])).toEqual([['root', 0, 0], ['m0', 5, 1], ['body', 1, 2]])
  expect(edges.map(({ from, to, fanIn }) => [from.key, to.key, fanIn])).toEqual([['root', 'm0', false], ['m0', 'body', true]])
})
