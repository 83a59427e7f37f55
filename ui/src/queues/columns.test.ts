import { expect, it } from 'vitest'
import type { QueueRow } from '../api/control_types'
import { columnsOf, unconsumed } from './columns'

const queue = (name: string, more: Partial<QueueRow>): QueueRow => ({
  name,
  ready: 0,
  unacknowledged: null,
  consumers: null,
  priorities: {},
  kind: null,
  trouble: null,
  workers: null,
  ...more,
})

it('what the broker cannot tell has no column', () => {
  expect(columnsOf({ consumers: 'Redis keeps none.' }).map(({ key }) => key)).toEqual(['queue', 'ready', 'unacknowledged', 'workers', 'actions'])
  expect(columnsOf({})).toHaveLength(6)
})

it('a queue is unconsumed only when messages wait and both workers and broker know of nobody', () => {
  const queues = [
    queue('waits', { ready: 3, workers: [] }),
    queue('empty', { ready: 0, workers: [] }),
    queue('not asked', { ready: 3, workers: null }),
    queue('another program', { ready: 3, workers: [], consumers: 1 }),
  ]

  expect(unconsumed(queues).map(({ name }) => name)).toEqual(['waits'])
})
