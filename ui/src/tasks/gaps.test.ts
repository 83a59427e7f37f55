import { describe, expect, test } from 'vitest'
import type { Gap, TaskRow } from '../api/types'
import { END, missing, gapsByRow } from './gaps'

const row = (uuid: string, seen: number): TaskRow => ({ uuid, seen, started: null }) as TaskRow
const gap = (start: number, end: number): Gap => ({ start, end, cause: 'broker-away', collector: 'c' })
const rows = [row('d', 400), row('c', 300), row('b', 200), row('a', 100)]

describe('gaps between rows', () => {
  test('stand between the rows of their time', () => {
    expect(gapsByRow(rows, '-seen', [gap(210, 290)], true)).toEqual(new Map([['b', [gap(210, 290)]]]))
    const oldest = [...rows].reverse()
    expect(gapsByRow(oldest, 'seen', [gap(210, 290)], true)).toEqual(new Map([['c', [gap(210, 290)]]]))
  })

  test('stand above all rows when nothing came since', () => {
    expect(gapsByRow(rows, '-seen', [gap(410, 500)], true)).toEqual(new Map([['d', [gap(410, 500)]]]))
  })

  test('that lie behind the last row wait for the rows behind it', () => {
    expect(gapsByRow(rows, '-seen', [gap(10, 50)], true).size).toBe(0)
    expect(gapsByRow(rows, '-seen', [gap(10, 50)], false)).toEqual(new Map([[END, [gap(10, 50)]]]))
  })

  test('of one place stand in the order of the list', () => {
    const two = [gap(210, 220), gap(250, 260)]

    expect(gapsByRow(rows, '-seen', two, true).get('b')).toEqual([...two].reverse())
  })

  test('have no place where no time orders the rows', () => {
    expect(gapsByRow(rows, '-name', [gap(210, 290)], false).size).toBe(0)
    expect(gapsByRow(rows, '-started', [gap(210, 290)], false).size).toBe(0)
    expect(gapsByRow([], '-seen', [gap(210, 290)], false).size).toBe(0)
  })
})

test('a count says what it does not hold', () => {
  expect(missing(null)).toBe('')
  expect(missing({ start: null, end: null, missed_s: 95, lost: 1200, gaps: [], healing: null })).toBe(
    "events of 1 min 35 s are missing, 1,200 tasks began unheard, by the workers' count",
  )
})

test('a count says what is done about what it does not hold', () => {
  const healing = { healed: 375, unknown: 0, lookups: 400, rate: 2, waiting: 12, questions: 3, searching: true, listed: 400, trouble: null }

  expect(missing({ start: null, end: null, missed_s: 95, lost: 0, gaps: [], healing })).toBe(
    'events of 1 min 35 s are missing, 375 tasks put right by asking, 12 tasks in doubt, being asked about',
  )
})
