import { describe, expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import { consumedQueues, heldTasks, registeredTasks, texts } from './inspections'

const read = (value: unknown): ReturnType<typeof parseJson> => parseJson(JSON.stringify(value))

describe('what a worker says', () => {
  it('of tasks that run is read', () => {
    const reply = [{ id: 'a', name: 'shop.pay', args: [4711], kwargs: { to: 'x' }, time_start: 12.5, worker_pid: 7 }]

    expect(heldTasks(read(reply))).toEqual([
      { id: 'a', name: 'shop.pay', call: "4711, to='x'", started: 12.5, eta: null, pid: 7, acknowledged: null, redelivered: false },
    ])
  })

  it('of tasks that wait for their time is read', () => {
    const reply = [{ eta: '2026-11-22T14:00:00+00:00', priority: 6, request: { id: 'a', type: 'shop.pay', args: "('x',)" } }]

    expect(heldTasks(read(reply))[0]).toMatchObject({
      id: 'a',
      name: 'shop.pay',
      call: "('x',)",
      eta: Date.UTC(2026, 10, 22, 14) / 1000,
    })
  })

  it('of queues and names is read', () => {
    const queue = { name: 'mail', exchange: { name: 'post', type: 'direct' }, routing_key: 'm', durable: true }

    expect(consumedQueues(read([queue]))).toEqual([
      { name: 'mail', exchange: 'post, direct', routing_key: 'm', durable: true, declared: [] },
    ])
    expect(texts(read(['a', 1]))).toEqual(['a', '1'])
  })

  it('of the tasks that it can run is read, with how many it has taken', () => {
    const names = read(['a.b [rate_limit=5/m]', 'c', 'c'])

    expect(registeredTasks(names, read({ total: { c: 7 } }))).toEqual([
      { name: 'a.b', limits: { rate: '5/m', soft_s: null, hard_s: null, others: '' }, taken: 0 },
      { name: 'c', limits: { rate: null, soft_s: null, hard_s: null, others: '' }, taken: 7 },
    ])
    expect(registeredTasks(names, null).map(({ taken }) => taken)).toEqual([null, null])
  })

  it.each([null, 1, {}, [null], [[]], ['x']])('may be rubbish: %j', (reply) => {
    expect(() => [heldTasks(read(reply)), consumedQueues(read(reply)), texts(read(reply)), registeredTasks(read(reply), read(reply))]).not.toThrow()
  })
})
