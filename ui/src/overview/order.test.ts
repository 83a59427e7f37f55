import { expect, it } from 'vitest'
import type { QueueRow } from '../api/control_types'
import type { Worker } from '../api/types'
import { silentFirst, troubledFirst } from './order'

it('queues that nobody consumes come first, then the fullest', () => {
  const queue = (name: string, ready: number | null, workers: string[] | null, consumers: number | null = null): QueueRow =>
    ({ name, ready, workers, consumers }) as unknown as QueueRow
  const queues = [queue('mail', 3, ['a']), queue('bulk', 90, ['a']), queue('lost', 7, []), queue('empty', 0, []), queue('told', 5, [], 2), queue('x', null, null)]

  expect(troubledFirst(queues).map(({ name }) => name)).toEqual(['lost', 'bulk', 'told', 'mail', 'empty', 'x'])
})

it('workers that stopped answering come first, those that said goodbye last', () => {
  const worker = (hostname: string, status: Worker['status'], active = 0): Worker => ({ hostname, status, active }) as unknown as Worker
  const workers = [worker('gone', 'offline'), worker('idle', 'online'), worker('busy', 'online', 4), worker('dead', 'silent'), worker('dark', 'unknown')]

  expect(silentFirst(workers).map(({ hostname }) => hostname)).toEqual(['dead', 'dark', 'busy', 'idle', 'gone'])
})
