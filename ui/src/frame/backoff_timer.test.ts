import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { problemFrom, unreachable } from '../api/problem'
import { BackoffTimer } from './backoff_timer'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('tries again when the server was away, later each time', () => {
  const again = vi.fn()
  const timer = new BackoffTimer(again)

  timer.failed(unreachable())
  vi.advanceTimersByTime(500)
  expect(again).toHaveBeenCalledTimes(1)

  for (let tries = 0; tries < 6; tries++) {
    timer.failed(problemFrom(503, null))
    vi.advanceTimersByTime(30_000)
  }
  timer.failed(unreachable())
  vi.advanceTimersByTime(9_000)
  expect(again).toHaveBeenCalledTimes(7)
})

it('leaves alone what no second try mends', () => {
  const again = vi.fn()

  new BackoffTimer(again).failed(problemFrom(400, null))
  new BackoffTimer(again).failed(problemFrom(404, null))
  vi.advanceTimersByTime(60_000)

  expect(again).not.toHaveBeenCalled()
})

it('stops when it is told to', () => {
  const again = vi.fn()
  const timer = new BackoffTimer(again)

  timer.failed(unreachable())
  timer.stop()
  vi.advanceTimersByTime(60_000)

  expect(again).not.toHaveBeenCalled()
})
