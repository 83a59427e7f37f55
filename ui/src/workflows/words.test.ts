import { expect, test } from 'vitest'
import type { WorkflowNode } from '../api/schema'
import { aNode, anExpected } from './example'
import { boxTimes, expectedWords, pathWords, percent, retryWords, timesWords } from './words'

test('what is to come says what it waits for, or why it does not come', () => {
  expect(expectedWords(anExpected('a'))).toBe('will not run: 1 of the 3 tasks that it waits for failed')
  expect(expectedWords(anExpected('a', { failed: Array<string>(20).fill('x'), members: 900 }))).toContain('20 or more of the 900')
  expect(expectedWords(anExpected('a', { state: 'waiting', ended: 2 }))).toBe('waits for 3 tasks, 2 have ended')
  expect(expectedWords(anExpected('a', { state: 'waiting', members: 1, ended: 0 }))).toBe('waits for 1 task, 0 have ended')
  expect(expectedWords(anExpected('a', { state: 'due', members: 1 }))).toBe('not seen yet: the task that it waits for has succeeded')
  expect(expectedWords(anExpected('a', { state: 'due' }))).toContain('not seen yet')
  expect(expectedWords(anExpected('a', { kind: 'chain' }))).toContain('in the chain failed')
})

test('what is not restored by sending a task again is told before', () => {
  expect(retryWords(aNode('a', { chord_id: 'body' }), [])).toBe('Sends this task again, alone: the body of its chord stays blocked, also when it succeeds')
  expect(retryWords(aNode('a'), [anExpected('b', { kind: 'chain', failed: ['a'] })])).toBe('Sends this task again, alone: shop.b is not sent after it')
  expect(retryWords(aNode('a'), [])).toContain('callbacks and next steps')
})

test('the critical path is told with what of it ran', () => {
  const step = { uuid: 'a', start: 0, end: 5, run_s: 2, share: 1 }

  expect(pathWords({ path: { steps: [step, step], run_share: 0.616 } })).toBe('2 tasks, ran 62 % of the time')
  expect(pathWords({ path: { steps: [], run_share: 0 } })).toBe('')
  expect(percent(0.004)).toBe('< 1 %')
})

test('how long a task waited and ran is told as far as somebody told it', () => {
  const words = (node: Partial<WorkflowNode>): string => timesWords(aNode('a', { seen: 1, ...node }), 9)

  expect(words({ started: 2, finished: 5 })).toBe('waited 1.0 s, ran 3.0 s')
  expect(words({ started: 2, state: 'STARTED' })).toBe('waited 1.0 s, runs for 7.0 s')
  expect(words({ state: 'PENDING' })).toBe('waits for 8.0 s')
  expect(words({ started: 2, state: 'UNKNOWN' })).toBe('waited 1.0 s; its end was not told')
  expect(words({ finished: 5 })).toBe('4.0 s until its end; its start was not told')
  expect(words({ state: 'REVOKED' })).toBe('its times were not told')
})

test('a box of the graph has the longest of its tasks', () => {
  const nodes = [aNode('a', { started: 2, finished: 5 }), aNode('b', { started: 1, finished: 7 }), aNode('c', { finished: 9 })]

  expect(boxTimes(nodes, 9)).toBe('ran ≤ 6.0 s, waited ≤ 2.0 s')
  expect(boxTimes(nodes.slice(0, 1), 9)).toBe('ran 3.0 s, waited 2.0 s')
  expect(boxTimes(nodes.slice(2), 9)).toBe('times not told')
})
