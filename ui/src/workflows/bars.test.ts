import { expect, test } from 'vitest'
import type { WorkflowNode } from '../api/schema'
import { aNode } from './example'
import { barsOf, timesOf } from './bars'

const spans = (node: Partial<WorkflowNode>, now = 100): string[] =>
  barsOf(aNode('a', node), now).bars.map((bar) => `${bar.lane} ${bar.kind} ${bar.from}-${bar.to}${bar.open ? '+' : ''}`)

test('a task waits until it starts, and runs until it ends', () => {
  expect(spans({ sent: 0, seen: 1, started: 2, finished: 5 })).toEqual(['0 wait 0-2', '0 run 2-5'])
  expect(spans({ seen: 1, started: 2, state: 'STARTED' })).toEqual(['0 wait 1-2', '0 run 2-100+'])
  expect(spans({ seen: 1, state: 'PENDING' })).toEqual(['0 wait 1-100+'])
})

test('an end that nobody told does not grow', () => {
  expect(spans({ seen: 1, started: 2, state: 'UNKNOWN' })).toEqual(['0 wait 1-2', '0 mark 2-2'])
  expect(spans({ seen: 1, state: 'REVOKED' })).toEqual(['0 mark 1-1'])
})

test('clocks that are apart give no bar that runs backwards', () => {
  expect(spans({ sent: 5, seen: 5, started: 3, finished: 4 })).toEqual(['0 run 5-5'])
})

test('retries have lanes', () => {
  const run = (number: number, started: number, ended: number | null, state = 'RETRY') => ({ number, started, ended, state })
  const runs = [run(0, 1, 2), run(1, 5, 6), run(2, 9, null, 'STARTED')]

  expect(spans({ seen: 0, state: 'STARTED', retries: 2, runs }, 20)).toEqual([
    '0 wait 0-1', '0 run 1-2', '1 wait 2-5', '1 run 5-6', '2 wait 6-9', '2 run 9-20+',
  ])
  expect(barsOf(aNode('a', { runs: Array.from({ length: 30 }, (_, n) => run(n, n, n + 1)) }), 50).lanes).toBe(4)
})

test('of a task without a start it is not claimed when it waited', () => {
  expect(spans({ seen: 1, finished: 4 })).toEqual(['0 unclear 1-4'])
  expect(spans({ seen: 1, finished: 4, state: 'REVOKED' })).toEqual(['0 wait 1-4'])
  expect(timesOf(aNode('a', { seen: 1, finished: 4 }), 9)).toEqual({ waited: null, ran: null })
  expect(timesOf(aNode('a', { seen: 1, finished: 4, state: 'REVOKED' }), 9)).toEqual({ waited: 3, ran: null })
  expect(timesOf(aNode('a', { seen: 1, started: 4, state: 'STARTED' }), 9)).toEqual({ waited: 3, ran: 5 })
  expect(timesOf(aNode('a', { seen: 1, started: 4, state: 'UNKNOWN' }), 9)).toEqual({ waited: 3, ran: null })
})
