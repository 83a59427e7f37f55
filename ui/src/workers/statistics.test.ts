import { expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import { statistics } from './statistics'

const STATS = {
  total: { 'shop.pay': 3, 'shop.ship': 40 },
  pid: 4711,
  uptime: 410,
  pool: { implementation: 'celery.concurrency.prefork:TaskPool', 'max-concurrency': 3, processes: [1, 2, 3], 'max-tasks-per-child': 'N/A' },
  broker: { hostname: 'redis', transport: 'redis' },
  prefetch_count: 12,
  rusage: { maxrss: 57_628 },
}
const read = (value: unknown): ReturnType<typeof statistics> => statistics(parseJson(JSON.stringify(value)))

it('statistics of a worker are told in the units of people', () => {
  const { facts, totals } = read(STATS)

  expect(Object.fromEntries(facts.map(({ label, value }) => [label, value]))).toEqual({
    'Up for': '6 min 50 s',
    Pool: 'prefork',
    Processes: '3',
    Prefetch: '12',
    'Most memory': '56 MB',
    'Tasks per process': 'N/A',
    Broker: 'redis on redis',
    Process: '4711',
  })
  expect(totals).toEqual([
    { name: 'shop.ship', count: 40 },
    { name: 'shop.pay', count: 3 },
  ])
})

it('statistics that lack what is usual, or are rubbish, tell what is there', () => {
  expect(read({ pool: { implementation: 'celery.concurrency.solo:TaskPool', 'max-concurrency': 1 } }).facts).toEqual([
    { label: 'Pool', value: 'solo' },
    { label: 'Processes', value: '1' },
  ])
  for (const rubbish of [null, [], 'x', { total: 1, pool: [], uptime: 'long' }]) expect(read(rubbish)).toEqual({ facts: [], totals: [] })
})
