import { expect, test } from 'vitest'
import { absentWords, switchTarget } from './switch_target'

test('a list leads to the same list, with its search', () => {
  expect(switchTarget({ kind: 'queues' }, 'queues', '', true)).toEqual({ path: 'queues', one: null })
  expect(switchTarget({ kind: 'tasks' }, 'tasks', '?q=state:FAILURE', true).path).toBe('tasks?q=state:FAILURE')
  expect(switchTarget({ kind: 'doc', id: 'queues' }, 'docs/queues', '', true)).toEqual({ path: 'docs/queues', one: null })
})

test('of one thing it is asked whether the other cluster has it', () => {
  const { path, one } = switchTarget({ kind: 'queue', id: 'a/b' }, 'queues/a%2Fb', '', true)

  expect(path).toBe('queues/a%2Fb')
  expect(one).toEqual({ api: 'api/v1/queues/a%2Fb', list: 'queues', word: 'queue', id: 'a/b' })
  expect(one && absentWords('Staging', one)).toBe('Staging has no queue a/b: this is its list.')
  expect(switchTarget({ kind: 'workflow', id: 'w' }, 'workflows/w', '', true).one?.api).toBe('api/v1/workflows/w/graph')
  expect(switchTarget({ kind: 'action', id: 'x' }, 'actions/x', '', true).one?.list).toBe('audit')
})

test('from no cluster, and from no page, it leads to the first page', () => {
  expect(switchTarget({ kind: 'tasks' }, 'tasks', '', false).path).toBe('')
  expect(switchTarget({ kind: 'unknown', path: 'x' }, 'x', '', true).path).toBe('')
})
