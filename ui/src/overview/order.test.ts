import { expect, it } from 'vitest'
import type { Worker } from '../api/types'
import { silentFirst } from './order'

it('workers that stopped answering come first, those that said goodbye last', () => {
  const worker = (hostname: string, status: Worker['status'], active = 0): Worker => ({ hostname, status, active }) as unknown as Worker
  const workers = [worker('gone', 'offline'), worker('idle', 'online'), worker('busy', 'online', 4), worker('dead', 'silent'), worker('dark', 'unknown')]

  expect(silentFirst(workers).map(({ hostname }) => hostname)).toEqual(['dead', 'dark', 'busy', 'idle', 'gone'])
})
