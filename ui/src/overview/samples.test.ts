import { expect, it } from 'vitest'
import { depth, poolUse, samplePause } from './samples'

const queue = (depth: number | null, oldest_s: number | null = null) => ({ at: 0, depth, depth_max: depth, unacked: null, consumers: null, oldest_s })
const worker = (running: number | null, pool: number | null) => ({ at: 0, load: null, running, running_max: running, processed: null, pool })

it('a queue tells how many waited, and how long the oldest has', () => {
  expect(depth([queue(3), queue(null), queue(1_200.4, 125)])).toEqual({
    values: [3, null, 1_200.4], oldest: '2 min 5 s', words: 'Waiting over time, 1,200 at most',
  })
  expect(depth([queue(2, 9), queue(0, 9)])?.oldest).toBe('')
  expect([depth(undefined), depth([]), depth([queue(null), queue(7)])]).toEqual([null, null, null])
})

it('a worker tells how much of its pool was in use', () => {
  expect(poolUse([worker(1, 4), worker(2.5, 4)])).toEqual({ values: [1, 2.5], pool: 4, most: 4, words: 'Running over time, 2.5 of 4 at most' })
  expect(poolUse([worker(0, null), worker(0, null)])).toMatchObject({ pool: null, most: 1 })
  expect(poolUse([worker(null, 4)])).toBeNull()
})

it('samples are asked for no more often than they are taken', () => {
  expect([900, 86_400].map(samplePause)).toEqual([10, 60])
})
