import { describe, expect, it } from 'vitest'
import type { LogEntry, LoggedRun, TaskLog } from '../api/schema'
import { joined, lacking, levelOf, logText, rowsOf, type LogFilter } from './log'

const line = (number: number, text = `line ${number}`, level = 20): LogEntry => ({
  number, at: number, level, logger: 'shop', text, cut: 0,
})
const run = (retries: number, written: number, more: Partial<LoggedRun> = {}): LoggedRun => ({
  retries, started: retries, worker: 'w1', pid: 7, written, left_out: 0, missing: 0, ...more,
})
const answer = (runs: LoggedRun[], ...parts: [number, ...LogEntry[]][]): TaskLog => ({
  parts: parts.map(([retries, ...lines]) => ({ retries, started: retries, worker: 'w1', pid: 7, lines })),
  runs,
  next: '',
  complete: true,
  are_sent: true,
})
const ALL: LogFilter = { level: 'debug', text: '' }
const shown = (runs: ReturnType<typeof joined>, filter = ALL): unknown[] =>
  rowsOf(runs, filter).map((row) => (row.kind === 'line' ? row.line.number : row.kind === 'gap' ? `-${row.count}` : row.kind))

describe('a log', () => {
  it('is the same in whatever order its pieces come, and however often', () => {
    const first = joined([], answer([run(0, 4)], [0, line(3), line(4)]))
    const whole = joined(first, answer([run(0, 4)], [0, line(1), line(2)], [0, line(4)]))

    expect(shown(first)).toEqual(['-2', 3, 4])
    expect(shown(whole)).toEqual([1, 2, 3, 4])
  })

  it('of several attempts says where each begins, and what is missing at its end', () => {
    const runs = joined([], answer([run(0, 3), run(1, 1)], [1, line(1)], [0, line(1)]))

    expect(shown(runs)).toEqual(['run', 1, '-2', 'run', 1])
  })

  it('is filtered by level and text, which says nothing of gaps', () => {
    const runs = joined([], answer([run(0, 9)], [0, line(1, 'Paid'), line(5, 'paid late', 30), line(6, 'no', 45)]))

    expect(shown(runs, { level: 'warning', text: '' })).toEqual([5, 6])
    expect(shown(runs, { level: 'debug', text: 'PAID' })).toEqual([1, 5])
  })

  it('is a text to be kept', () => {
    const runs = joined([], answer([run(0, 3)], [0, { ...line(1), cut: 9 }, line(3, 'bad', 40)]))

    expect(logText(rowsOf(runs, ALL), 'utc')).toBe(
      '00:00:01.000 INFO line 1 [and 9 characters]\n[1 line not here]\n00:00:03.000 ERROR bad\n',
    )
  })

  it('tells how many lines are not there', () => {
    expect(lacking([run(0, 9, { left_out: 3, missing: 1 }), run(1, 9, { left_out: 2 })])).toEqual({ leftOut: 5, missing: 1 })
  })

  it('has the level that is the nearest below', () => {
    expect([5, 10, 25, 30, 49, 60].map(levelOf)).toEqual(['debug', 'debug', 'info', 'warning', 'error', 'critical'])
  })
})
