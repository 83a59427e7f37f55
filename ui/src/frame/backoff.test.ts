import { expect, it } from 'vitest'
import { backoff } from './backoff'

it('waits longer with each try, and never longer than twenty seconds', () => {
  const waits = [0, 1, 2, 3, 10, 100].map((tries) => backoff(tries, 0.999))

  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  expect(Math.max(...waits)).toBeLessThanOrEqual(20)
})

it('spreads browsers that lost the server together', () => {
  expect(backoff(3, 0)).toBeLessThan(backoff(3, 0.9))
  expect(backoff(0, 0)).toBeGreaterThan(0)
})
