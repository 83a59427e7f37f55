import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { problemFrom, unreachable } from '../api/problem'
import { Retry } from './retry'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('tries again when the server was away, later each time', () => {
  const again = vi.fn()
  const retry = new Retry(again)

  retry.failed(unreachable())
  vi.advanceTimersByTime(500)
  expect(again).toHaveBeenCalledTimes(1)

  for (let tries = 0; tries < 6; tries++) {
    retry.failed(problemFrom(503, null))
    vi.advanceTimersByTime(30_000)
  }
  retry.failed(unreachable())
  vi.advanceTimersByTime(9_000)
  expect(again).toHaveBeenCalledTimes(7)
})

it('leaves alone what no second try mends', () => {
  const again = vi.fn()

  new Retry(again).failed(problemFrom(400, null))
  new Retry(again).failed(problemFrom(404, null))
  vi.advanceTimersByTime(60_000)

  expect(again).not.toHaveBeenCalled()
})

it('stops when it is told to', () => {
  const again = vi.fn()
  const retry = new Retry(again)

  retry.failed(unreachable())
  retry.stop()
  vi.advanceTimersByTime(60_000)

  expect(again).not.toHaveBeenCalled()
})
