import { expect, test } from 'vitest'
import type { WorkflowRow } from '../api/schema'
import { aNode } from './example'
import { searchOf } from './workflow_model.svelte'

const row = (root_id: string, group_id: string | null): WorkflowRow => ({ root_id, group_id }) as WorkflowRow

test('a workflow is followed by its root', () => {
  expect(searchOf('a', null)).toBe('root:a')
  expect(searchOf('a', { workflow: row('a', null), tasks: [aNode('a'), aNode('b', { parent_id: 'a' })] })).toBe('root:a')
})

test('a group that a client sent is followed by its members and by its group', () => {
  expect(searchOf('g', { workflow: row('a', 'g'), tasks: [aNode('a'), aNode('b'), aNode('body', { parent_id: 'b' })] })).toBe('root:a OR root:b OR group:g')
})

test('of a large group some roots are named', () => {
  const tasks = Array.from({ length: 10_000 }, (_, n) => aNode(`t${n}`))
  expect(searchOf('g', { workflow: row('t0', 'g'), tasks }).split(' OR ')).toHaveLength(51)
})
