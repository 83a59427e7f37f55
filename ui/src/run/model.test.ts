import { beforeEach, describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import { pass, scriptedServer, type ScriptedRequest } from '../api/scripted_server'
import { RunModel } from './model.svelte'

const server = scriptedServer()
let model: RunModel
/** What the result backend says of the task that was sent, one answer after another. */
let states: string[]

const sent = (): Record<string, unknown> => server.requestsTo('apply').at(-1)?.body as Record<string, unknown>
const result = (received: ScriptedRequest, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  task_id: received.path.replace('results/', ''),
  state: (states.length > 1 ? states.shift() : states[0]) ?? 'PENDING',
  result: null,
  exception: null,
  traceback: null,
  children: [],
  date_done: null,
  args: null,
  kwargs: null,
  unreadable: null,
  ...more,
})
const results = (): ScriptedRequest[] => server.requestsTo('results/*')
const usual = (queue: string | null): unknown => ({ items: queue === null ? [] : [exampleTask({ queue })] })

beforeEach(() => {
  model = new RunModel()
  model.name = 'shop.orders.tally'
  states = ['SUCCESS']
  server.compute('apply', ({ body }) => ({ task_id: (body as { task_id: string }).task_id, state: 'PENDING' }))
  server.compute('results/*', (received) => result(received))
})

describe('a task', () => {
  it('is sent as it is written, with numbers as they stand there', async () => {
    model.args = '[12345678901234567890]'
    model.soft = '1.5'
    model.reason = ' a try '
    model.wait = false
    await model.send('utc')

    expect(server.requestsTo('apply')[0]?.text).toContain('[12345678901234567890]')
    expect(sent()).toMatchObject({ name: 'shop.orders.tally', kwargs: {}, soft_time_limit: 1.5, check: true, reason: 'a try' })
    expect([model.sent, model.sure, model.sending]).toEqual([sent()['task_id'], true, false])
  })

  it('that is written wrong is not sent, and the field says why', async () => {
    model.args = '[None]'
    await model.send('utc')

    expect(server.requests).toEqual([])
    expect(model.errorOf('args')).toContain('JSON writes null for None.')
    expect(model.errorOf('kwargs')).toBeNull()
  })

  it('is sent once, however often one clicks', async () => {
    await Promise.all([model.send('utc'), model.send('utc')])

    expect(server.requestsTo('apply')).toHaveLength(1)
  })

  it('that is refused was not sent, and the field says why', async () => {
    server.refuse('apply', 400, { parameter: 'name', detail: 'Did you mean shop.orders.place?' })
    await model.send('utc')

    expect([model.sent, model.sure]).toEqual([null, false])
    expect(model.errorOf('name')).toBe('Did you mean shop.orders.place?')
    expect(results()).toEqual([])
  })

  it('may have been sent when the answer is lost: its id is kept, unsure', async () => {
    server.lose('apply')
    await model.send('utc')

    expect([model.sent, model.sure]).toEqual([sent()['task_id'], false])
    expect(model.problem?.status).toBe(0)
    expect(results()).toEqual([])
  })

  it('gets its id from the server where they may not choose it', async () => {
    server.answer('apply', { task_id: 'from-the-server', state: 'PENDING' })
    model.wait = false
    await model.send('utc', true)

    expect(sent()).not.toHaveProperty('task_id')
    expect([model.sent, model.sure]).toEqual(['from-the-server', true])

    server.lose('apply')
    await model.send('utc', true)
    expect([model.sent, model.problem?.status]).toEqual([null, 0])
  })

  it('gets a new id each time', async () => {
    await model.send('utc')
    const first = model.sent
    await model.send('utc')

    expect(model.sent).not.toBe(first)
  })
})

describe('its result', () => {
  it('is waited for in turns until the task has ended', async () => {
    states = ['PENDING', 'STARTED', 'SUCCESS']
    await model.send('utc')
    await pass()

    expect(results()).toHaveLength(3)
    expect([model.result?.state, model.waiting]).toEqual(['SUCCESS', false])
  })

  it('is not waited for when nobody wants it', async () => {
    model.wait = false
    await model.send('utc')
    await pass()

    expect([results().length, model.waiting, model.result]).toEqual([0, false, null])
  })

  it('that cannot be read ends the waiting', async () => {
    states = ['PENDING']
    server.compute('results/*', (asked) => result(asked, { unreadable: 'It is pickled.' }))
    await model.send('utc')
    await pass()

    expect([results().length, model.waiting, model.result?.unreadable]).toEqual([1, false, 'It is pickled.'])
  })

  it('that cannot be asked for says why', async () => {
    server.refuse('results/*', 503)
    await model.send('utc')
    await pass()

    expect([model.resultProblem?.status, model.waiting, model.problem]).toEqual([503, false, null])
  })

  it('is waited for no longer when one leaves', async () => {
    const release = server.hold('results/*')
    await model.send('utc')
    await pass()
    expect(model.waiting).toBe(true)

    model.rest()
    release()
    await pass()
    expect([model.waiting, model.result, model.resultProblem]).toEqual([false, null, null])
  })

  it('of the task before does not appear once another is sent', async () => {
    const release = server.hold('results/*')
    await model.send('utc')
    await pass()
    await model.send('utc')
    release()
    await pass()

    expect(model.result?.task_id).toBe(model.sent)
  })
})

describe('the usual queue', () => {
  it('is taken when none was chosen, and follows the name', async () => {
    server.answer('tasks', usual('orders'))
    await model.findQueue()
    expect([model.usualQueue, model.delivery.queue]).toEqual(['orders', 'orders'])

    server.answer('tasks', usual(null))
    await model.findQueue()
    expect([model.usualQueue, model.delivery.queue]).toEqual([null, ''])
  })

  it('leaves one that was chosen', async () => {
    model.delivery.queue = 'mine'
    server.answer('tasks', usual('orders'))
    await model.findQueue()

    expect([model.usualQueue, model.delivery.queue]).toEqual(['orders', 'mine'])
  })

  it('is looked for under the exact name', async () => {
    server.answer('tasks', usual('orders'))
    await model.findQueue()

    expect(server.requestsTo('tasks')[0]?.parameters).toMatchObject({ q: 'name:shop.orders.tally has:queue', limit: '1' })
  })

  it('of another name is not taken when its answer comes late', async () => {
    const release = server.hold('tasks')
    const older = model.findQueue()
    model.name = ''
    release()
    await older
    await model.findQueue()

    expect([model.usualQueue, model.delivery.queue]).toEqual([null, ''])
    expect(server.requestsTo('tasks')).toHaveLength(1)
  })

  it('is not known when the server is away', async () => {
    server.lose('tasks')
    await model.findQueue()

    expect([model.usualQueue, model.problem]).toEqual([null, null])
  })
})
