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
  is_absent: false,
  workers: null,
  hour_ago: null,
  trend: null,
  depths: null,
  oldest_s: null,
  in_per_min: null,
  out_per_min: null,
  wait_p95_s: null,
  drain_s: null,
  paused: null,
  ...more,
})

it('what the broker cannot tell has no column', () => {
  expect(columnsOf({ consumers: 'Redis keeps none.' }, []).map(({ key }) => key)).toEqual(['queue', 'ready', 'unacknowledged', 'workers', 'actions'])
  expect(columnsOf({}, [])).toHaveLength(6)
})

it('what is known of no queue has no column, and of some it has', () => {
  const queues = [queue('a', { oldest_s: 0 }), queue('b', { depths: [null, 2] })]

  expect(columnsOf({}, queues).map(({ key }) => key)).toEqual(['queue', 'ready', 'trend', 'oldest', 'unacknowledged', 'consumers', 'workers', 'actions'])
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

it('does not call a queue lonely that somebody paused', () => {
  const paused = { by: 'ann', since: 1, reason: '' }
  expect(unconsumed([queue('mail', { ready: 9, workers: [], paused }), queue('lost', { ready: 9, workers: [] })]).map(({ name }) => name)).toEqual(['lost'])
})
