import { expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import { settings } from './configuration'
import { heldTasks, longestFirst } from './inspections'
import { declaredWords } from './queue_arguments'

const read = (value: unknown): ReturnType<typeof parseJson> => parseJson(JSON.stringify(value))

it('what a queue was declared with is told in words', () => {
  const queue = {
    name: 'q', exclusive: false, auto_delete: true, no_ack: false, max_priority: 9, message_ttl: 60, expires: null,
    queue_arguments: { 'x-queue-type': 'quorum', 'x-message-ttl': 3_600_000, 'x-max-length': 10_000, 'x-odd': [1] },
    consumer_arguments: { 'x-priority': 5 }, binding_arguments: null,
  }

  expect(declaredWords(read(queue))).toEqual([
    'deleted when unused', 'priorities up to 9', 'messages expire after 1 min', 'quorum queue', 'messages expire after 1 h', 'at most 10,000 messages', 'x-odd: [1]', 'consumed with priority 5',
  ])
  for (const rubbish of [null, [], 'x', { queue_arguments: 7, exclusive: 'yes' }]) expect(declaredWords(read(rubbish))).toEqual([])
})

it('settings are sorted, and those of Celery lead to its documentation', () => {
  const found = settings(read({ task_acks_late: true, ORDERS_KEY: '***', 'result_"><x': 1 }))

  expect(found.map(({ name, docs }) => [name, docs?.split('#')[1] ?? null])).toEqual([
    ['ORDERS_KEY', null], ['result_"><x', null], ['task_acks_late', 'std-setting-task_acks_late'],
  ])
  expect(settings(read([]))).toEqual([])
})

it('what runs longest comes first', () => {
  const tasks = [{ id: 'b', time_start: 20, acknowledged: true }, { id: 'c' }, { id: 'a', time_start: 10, delivery_info: { redelivered: true } }]
  const found = longestFirst(heldTasks(read(tasks)))

  expect(found.map(({ id, acknowledged, redelivered }) => [id, acknowledged, redelivered])).toEqual([['a', null, true], ['b', true, false], ['c', null, false]])
})
