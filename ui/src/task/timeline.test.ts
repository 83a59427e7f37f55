import { describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import type { Task } from '../api/types'
import { offsetWithin, position, timeline } from './timeline'

describe('a timeline', () => {
  it('tells waiting from running', () => {
    const { rows, from, to } = timeline(
      exampleTask({
        state: 'SUCCESS',
        attempts: [
          { number: 0, state: 'SUCCESS', worker: 'w@h', sent: 10, received: 10.1, started: 12, ended: 15, runtime: 2.9 },
        ],
      }),
      99,
    )

    expect([from, to]).toEqual([10, 15])
    expect(rows[0]?.spans).toEqual([
      { kind: 'wait', from: 10, to: 12, open: false },
      { kind: 'run', from: 12, to: 15, open: false },
    ])
    expect(rows[0]?.title).toBe('The only attempt')
    expect(rows[0]?.words).toBe('waited 2.0 s, ran 2.9 s, then succeeded')
  })

  it('tells waiting from being held for an ETA', () => {
    const { rows } = timeline(
      exampleTask({
        state: 'STARTED',
        attempts: [{ number: 0, state: 'STARTED', sent: 10, received: 10.1, eta: 70, started: 71 }],
      }),
      75,
    )

    expect(rows[0]?.spans.map((span) => span.kind)).toEqual(['hold', 'wait', 'run'])
    expect(rows[0]?.words).toBe('held 1 min for its ETA, waited 1.0 s, running for 4 s')
  })

  it('of a task that was only sent has it waiting until now', () => {
    const { rows } = timeline(exampleTask({ sent: 10, queue: 'mail', client: 'gen1@h' }), 14)

    expect(rows[0]?.words).toBe('waiting for 4 s')
    expect(rows[0]?.steps).toEqual([{ at: 10, state: 'PENDING', what: 'Sent to queue mail', where: 'gen1@h' }])
  })

  it('has one row for each attempt, with its own moments in order', () => {
    const { rows } = timeline(
      exampleTask({
        state: 'FAILURE',
        attempts: [
          { number: 0, state: 'RETRY', worker: 'a@h', sent: 1, received: 2, started: 3, ended: 6 },
          { number: 1, state: 'FAILURE', worker: 'b@h', sent: 5, received: 5.5, started: 8, ended: 9 },
        ],
      }),
      50,
    )

    expect(rows.map((one) => one.title)).toEqual(['Attempt 1', 'Attempt 2'])
    expect(rows[0]?.words).toBe('waited 2.0 s, ran 3.0 s, then asked for a retry')
    expect(rows.map((one) => one.steps.map((step) => step.what))).toEqual([
      ['Sent', 'Received', 'Started', 'Asked for a retry'],
      ['Sent for attempt 2', 'Received', 'Started', 'Failed'],
    ])
  })

  it('says when an attempt was delivered again, and when a start was never seen', () => {
    const { rows } = timeline(
      exampleTask({
        state: 'SUCCESS',
        attempts: [
          { number: 0, state: 'RECEIVED', sent: 1, received: 1 },
          { number: 0, state: 'SUCCESS', sent: 1, received: 5, ended: 6, redelivered: true },
        ],
      }),
      9,
    )

    expect(rows[1]?.title).toBe('Attempt 1, delivered again')
    expect(rows[1]?.words).toBe('waited 5.0 s, never seen to start, then succeeded')
    expect(rows.map((one) => one.steps.map((step) => step.what))).toEqual([
      ['Sent', 'Received'],
      ['Received again', 'Succeeded'],
    ])
    expect(rows[0]?.spans.every((span) => !span.open)).toBe(true)
  })

  it('does not draw a task for ever that may not run any more', () => {
    const task = exampleTask({
      state: 'STARTED',
      timestamp: 12,
      doubt: { why: 'worker-silent', since: 20, worker: 'w@h' },
      attempts: [{ number: 0, state: 'STARTED', received: 10, started: 12 }],
    })

    expect(timeline(task, 9_000).to).toBe(20)
    expect(timeline(task, 9_000).rows[0]?.words).toContain('running when last heard, for 8 s')
  })

  it('stands skewed clocks', () => {
    const { rows } = timeline(
      exampleTask({
        state: 'SUCCESS',
        attempts: [{ number: 0, state: 'SUCCESS', sent: 10, started: 9, ended: 8, runtime: 0.5 }],
      }),
      20,
    )

    expect(rows[0]?.spans).toEqual([{ kind: 'run', from: 9, to: 9, open: false }])
    expect(rows[0]?.words).toBe('clocks differ, so how long it waited is not known, ran 500 ms, then succeeded')
  })

  it('stands a task of which next to nothing is known', () => {
    const { rows, from, to } = timeline(exampleTask({ seen: 3, timestamp: 4 }), 9)

    expect(rows[0]?.steps).toEqual([])
    expect(rows[0]?.words).toBe('')
    expect([from, to]).toEqual([3, 4])
  })

  it('places a moment between its ends', () => {
    expect(position(15, { from: 10, to: 20 })).toBe(0.5)
    expect(position(99, { from: 10, to: 20 })).toBe(1)
    expect(position(10, { from: 10, to: 10 })).toBe(0)
  })
})

describe('the errors of earlier attempts', () => {
  const ended = (number: number, exception: string) => ({ number, state: 'RETRY' as const, exception })
  const errors = (task: Task) => timeline(task, 0).rows.map((row) => row.error)

  it('stand at their attempts, once for neighbours that had the same', () => {
    const task = exampleTask({
      exception: 'GaveUp()',
      attempts: [ended(0, 'Timeout()'), ended(1, 'Timeout()'), ended(2, 'Refused()'), ended(3, 'Timeout()'), ended(4, 'GaveUp()')],
    })

    expect(errors(task)).toEqual(['Timeout()', 'the same error', 'Refused()', 'Timeout()', null])
  })

  it('stand an attempt that was delivered again and failed anew', () => {
    expect(errors(exampleTask({ attempts: [ended(0, 'Timeout()'), ended(0, 'Refused()')] }))).toEqual([
      'Timeout()',
      'Refused()',
    ])
  })
})

describe('moments of an attempt', () => {
  it.each([
    [0.31, [0, 0.000549, 0.003, 0.31], ['+0.0 ms', '+0.5 ms', '+3.0 ms', '+310.0 ms']],
    [5.6, [0, 0.01, 5.6], ['+0.000 s', '+0.010 s', '+5.600 s']],
    [125, [-0.2, 0.3, 125], ['−0 s', '+0 s', '+2 min 5 s']],
  ])('that last %d s are told alike', (whole, offsets, words) => {
    expect(offsets.map((offset) => offsetWithin(whole, 1000 + offset, 1000))).toEqual(words)
  })
})
