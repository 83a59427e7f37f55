import { expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import type { Fact } from './facts'
import { statistics } from './statistics'

const STATS = {
  total: { 'shop.pay': 3, 'shop.ship': 40 },
  pid: 4711,
  uptime: 410,
  clock: '1300',
  pool: {
    implementation: 'celery.concurrency.prefork:TaskPool', 'max-concurrency': 3, processes: [11, 12, 13], 'max-tasks-per-child': 'N/A',
    timeouts: [20, 0], 'put-guarded-by-semaphore': false, writes: { total: 74, raw: '26, 21, 27', strategy: 'fair', inqueues: { total: 3, active: 1 } },
  },
  autoscaler: { min: 1, max: 10, current: 3, qty: 3 },
  broker: {
    hostname: 'redis.eu', port: 6379, virtual_host: '0', transport: 'redis', userid: null, ssl: false, heartbeat: 120.0, connect_timeout: 4,
    failover_strategy: 'round-robin', alternates: ['redis://***@b/0'], transport_options: { visibility_timeout: 3600 }, login_method: null, uri_prefix: null,
  },
  prefetch_count: 12,
  rusage: { utime: 3.5, stime: 0.6, maxrss: 57_628, minflt: 33_326, majflt: 1, inblock: 20_480, oublock: 0, nvcsw: 560, nivcsw: 1_184, nswap: 0, nsignals: 0 },
}
const read = (value: unknown): ReturnType<typeof statistics> => statistics(parseJson(JSON.stringify(value)))
const facts = (value: unknown): Record<string, Fact[]> => Object.fromEntries(read(value).sections.map(({ title, facts }) => [title, facts]))

it('statistics of a worker are told in words and units', () => {
  expect(facts(STATS)).toEqual({
    Pool: [
      ['Kind', 'prefork'],
      ['Size', '3 processes'],
      ['Autoscale', '1 to 10 processes'],
      ['Process ids', '11, 12, 13'],
      ['Processes end', 'with the worker'],
      ['Time limits', 'soft 20 s'],
      ['Prefetched', '12 messages at most'],
      ['Passed on', '74 tasks to processes: 26, 21, 27 (strategy fair)'],
      ['Pipes', '1 of 3 written to now'],
      ['Semaphore', 'none'],
    ],
    'Connection to the broker': [
      ['Transport', 'redis'],
      ['Host', 'redis.eu:6379'],
      ['Database', '0'],
      ['TLS', 'no'],
      ['Heartbeat', 'every 2 min'],
      ['Gives up connecting', 'after 4.0 s'],
      ['Failover', 'to 1 other address, round-robin: redis://***@b/0'],
      ['Options', 'visibility_timeout 3600'],
    ],
    'Main process': [
      ['Id', '4711'],
      ['Up for', '6 min 50 s'],
      ['Processor', '4.1 s, of which 600 ms in the kernel: 1 % of a core'],
      ['Memory', '56 MB at most'],
      ['Disk', '10 MB read, 0 kB written'],
      ['Page faults', '33,326 in memory, 1 from disk'],
      ['Switches', '560 to wait, 1,184 forced'],
      ['Logical clock', '1,300'],
    ],
  })
  expect(read(STATS).totals).toEqual([
    { name: 'shop.ship', count: 40 },
    { name: 'shop.pay', count: 3 },
  ])
})

it.each([
  [{ implementation: 'celery.concurrency.solo:TaskPool', 'max-concurrency': 1, 'put-guarded-by-semaphore': true, timeouts: [] }, [['Kind', 'solo'], ['Size', 'one task at a time, in the main process'], ['Time limits', 'none']]],
  [{ implementation: 'celery.concurrency.thread:TaskPool', 'max-concurrency': 10, threads: 4 }, [['Kind', 'thread'], ['Size', '10 threads, 4 begun']]],
  [{ implementation: 'celery.concurrency.gevent:TaskPool', 'max-concurrency': 1_000 }, [['Kind', 'gevent'], ['Size', '1,000 green threads']]],
  [{ implementation: 'celery.concurrency.eventlet:TaskPool', 'max-concurrency': 100, 'free-threads': 20, 'running-threads': 80 }, [['Kind', 'eventlet'], ['Size', '100 green threads, 80 busy, 20 free']]],
  [{ implementation: 'own:Pool', 'max-concurrency': 2, processes: Array.from({ length: 66 }, () => 1) }, [['Kind', 'own'], ['Size', '2 tasks at once'], ['Process ids', `${Array.from({ length: 64 }, () => 1).join(', ')} and 2 more`]]],
  [{ implementation: 'celery.concurrency.prefork:TaskPool', 'max-tasks-per-child': 100, timeouts: [0, 0] }, [['Kind', 'prefork'], ['Processes end', 'after 100 tasks'], ['Time limits', 'none']]],
])('each kind of pool has its own words: %j', (pool, words) => {
  expect(facts({ pool })).toEqual({ Pool: words })
})

it('a connection over TLS with a user and an IPv6 address is told', () => {
  const broker = { transport: 'amqp', hostname: '::1', port: 5671, virtual_host: '/', userid: 'shop', ssl: { ca_certs: '***' }, heartbeat: 0, alternates: [] }

  expect(facts({ broker })['Connection to the broker']).toEqual([
    ['Transport', 'amqp'], ['Host', '[::1]:5671'], ['Virtual host', '/'], ['User', 'shop'], ['TLS', 'yes'], ['Heartbeat', 'none'], ['Failover', 'to no other address'],
  ])
})

it.each([null, [], 'x', { total: 1, pool: [], broker: 'x', rusage: 'N/A', uptime: 'long' }, { pool: { processes: [{}], timeouts: 1, writes: 'N/A' }, broker: { alternates: {} } }])('rubbish is no statistics: %j', (rubbish) => {
  expect(read(rubbish).totals).toEqual([])
  expect(() => facts(rubbish)).not.toThrow()
})
