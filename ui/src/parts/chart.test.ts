import { describe, expect, it } from 'vitest'
import { axisTime, brushed, bucketAt, bucketWords, holeWithin, linesOf, spanOf, stack, type Buckets, type Series } from './chart'

const NOON = Date.UTC(2026, 10, 22, 12) / 1000
const BUCKETS: Buckets = { starts: [0, 60, 120, 180].map((at) => NOON + at), length_s: 60, partial: 0 }
const series = (key: string, ...values: (number | null)[]): Series => ({ key, label: key, tone: 'accent', values })
const NONE: ReadonlySet<string> = new Set()

describe('the lines of a chart', () => {
  it('are those of the series that the legend does not filter out, the last on top', () => {
    const lines = linesOf([series('a', 1, 2, 3, 4), series('b', 1, 1, 1, 1), series('c', 0, 0, 0, 0)], BUCKETS, new Set(['c']), false)

    expect(lines.map((line) => line.series.key)).toEqual(['b', 'a'])
    expect(lines.map((line) => line.above)).toEqual([null, null])
  })

  it('are dashed from the last whole bucket on where buckets are partial', () => {
    const [whole, rest] = linesOf([series('a', 1, 2, 3, 4)], { ...BUCKETS, partial: 1 }, NONE, false)

    expect([whole?.dashed, whole?.values]).toEqual([false, [1, 2, 3, null]])
    expect([rest?.dashed, rest?.values]).toEqual([true, [null, null, 3, 4]])
  })

  it('are drawn once for each column', () => {
    const [whole, rest] = linesOf([series('a', 1, 2, 3, 4)], { ...BUCKETS, partial: 1 }, NONE, true, true)

    expect([whole?.values, rest?.values]).toEqual([[1, 2, 3, null], [null, null, null, 4]])
  })

  it('stand on each other when they are stacked, and know what they stand on', () => {
    const two = [series('a', 1, 2, null, 4), series('b', 1, 1, 1, 1)]
    const lines = linesOf(two, BUCKETS, NONE, true)

    expect(lines.map(({ values }) => values)).toEqual([[2, 3, 1, 5], [1, 2, 0, 4]])
    expect(lines.map(({ above }) => above)).toEqual([1, null])
    expect(linesOf(two, { ...BUCKETS, partial: 1 }, NONE, true).map(({ above }) => above)).toEqual([2, 3, null, null])
    expect(stack([])).toEqual([])
  })
})

describe('time on a chart', () => {
  it('is said of a bucket with its end, and that it is not over', () => {
    expect(bucketWords(BUCKETS, 1, 'utc')).toBe('2026-11-22 12:01:00 to 12:02:00')
    expect(bucketWords({ ...BUCKETS, partial: 1 }, 3, 'utc')).toBe('2026-11-22 12:03:00 to 12:04:00, not over yet')
  })

  it('on the axis is as exact as its marks are dense', () => {
    expect([5, 60, 3_600, 86_400].map((step) => axisTime(NOON + 5, step, 'utc'))).toEqual(['12:00:05', '12:00', '12:00', '11-22'])
  })

  it('that is chosen is whole buckets, from either side, and within the chart', () => {
    expect(spanOf(BUCKETS, 2, 1)).toEqual({ start: NOON + 60, end: NOON + 180 })
    expect(brushed(BUCKETS, NOON + 70, NOON + 130)).toEqual({ start: NOON + 60, end: NOON + 180 })
    expect(brushed(BUCKETS, NOON - 900, NOON + 900)).toEqual({ start: NOON, end: NOON + 240 })
  })

  it('lies in one bucket, and holes end where the chart does', () => {
    expect([NOON - 5, NOON + 59, NOON + 60, NOON + 900].map((at) => bucketAt(BUCKETS, at))).toEqual([0, 0, 1, 3])
    expect(holeWithin(BUCKETS, { start: NOON - 100, end: NOON + 30 })).toEqual({ start: NOON, end: NOON + 30 })
    expect(holeWithin(BUCKETS, { start: NOON + 240, end: NOON + 300 })).toBeNull()
  })
})
