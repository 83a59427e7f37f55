import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exampleTask } from '../api/examples'
import { pass, scriptedServer } from '../api/scripted_server'
import type { Changes, Task } from '../api/types'
import type { Follower } from '../frame/stream.svelte'
import { TaskModel } from './model.svelte'

const server = scriptedServer()
let model: TaskModel
let leave: () => void
/** Who follows a search now. */
let follower: Follower | null

const changes = (more: Partial<Changes> = {}): Changes => ({ seq: 8, items: [], new: [], left: [], skipped: 0, ...more })
const inspected = (value: unknown, more: Record<string, unknown> = {}): unknown => ({
  worker: 'w1@h',
  inspection: 'active',
  value,
  at: 0,
  answered: true,
  error: null,
  left_out: 0,
  ...more,
})

async function open(task: Partial<Task>): Promise<void> {
  server.answer('tasks/a', exampleTask({ uuid: 'a', ...task }))
  leave = model.start()
  await pass()
}

beforeEach(() => {
  follower = null
  model = new TaskModel('a', {
    follow: (one) => {
      follower = one
      return () => void (follower = null)
    },
  })
})
afterEach(() => leave())

describe('a task', () => {
  it('is loaded, and followed by its id', async () => {
    await open({ state: 'SUCCESS' })

    expect([model.task?.state, model.problem]).toEqual(['SUCCESS', null])
    expect(follower?.q).toBe('uuid:a')
  })

  it('that changes is loaded again, once for many changes', async () => {
    await open({ state: 'STARTED' })
    server.answer('tasks/a', exampleTask({ uuid: 'a', state: 'SUCCESS' }))

    for (const state of ['STARTED', 'SUCCESS'] as const) follower?.changes(changes({ items: [exampleTask({ uuid: 'a', state })] }))
    await pass(1000)

    expect(model.task?.state).toBe('SUCCESS')
    expect(server.requestsTo('tasks/a')).toHaveLength(2)
  })

  it('stays as it was while the server is away, and comes back with it', async () => {
    await open({ state: 'STARTED' })
    server.lose('tasks/a')
    follower?.reset(9)
    await pass(400)
    expect([model.task?.state, model.problem !== null]).toEqual(['STARTED', true])

    server.answer('tasks/a', exampleTask({ uuid: 'a', state: 'SUCCESS' }))
    await pass(5000)

    expect([model.task?.state, model.problem]).toEqual(['SUCCESS', null])
  })
})

describe('a task that runs for long', () => {
  const running: Partial<Task> = { state: 'STARTED', worker: 'w1@h', started: -100, timestamp: -100 }
  beforeEach(() => vi.setSystemTime(0))

  it('is doubted when its worker says that it has it not', async () => {
    server.answer('workers/*', inspected([{ id: 'another' }]))
    await open(running)

    expect(model.task?.doubt).toEqual({ why: 'not-held', since: null, worker: 'w1@h' })
  })

  it('is not doubted when its worker has it, does not answer, or tells of some of its tasks only', async () => {
    for (const answer of [inspected([{ id: 'a' }]), inspected(null, { answered: false }), inspected([{ id: 'b' }], { left_out: 3 })]) {
      server.answer('workers/*', answer)
      await open(running)

      expect(model.task?.doubt).toBeNull()
      leave()
      model = new TaskModel('a', { follow: () => () => undefined })
    }
  })

  it('is no longer doubted once something happened to it', async () => {
    server.answer('workers/*', inspected([]))
    await open(running)
    server.answer('tasks/a', exampleTask({ uuid: 'a', ...running, state: 'SUCCESS', timestamp: -1 }))

    follower?.changes(changes({ items: [exampleTask({ uuid: 'a' })] }))
    await pass(400)

    expect([model.task?.state, model.task?.doubt]).toEqual(['SUCCESS', null])
  })

  it('is asked for at its worker once', async () => {
    server.answer('workers/*', inspected([{ id: 'a' }]))
    await open(running)
    follower?.reset(9)
    await pass(400)

    expect(server.requestsTo('workers/*')).toHaveLength(1)
  })
})
