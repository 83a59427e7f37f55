import { describe, expect, it } from 'vitest'
import { flagsOf, inBucket, marksWords, markWords, type ChartMark } from './chart_marks'

const BUCKETS = { starts: [0, 60, 120, 180], length_s: 60, partial: 0 }
const mark = (id: string, at: number, more: Partial<ChartMark> = {}): ChartMark => ({ id, at, until: at, title: `Deploy of ${id}`, flag: id, details: [], ...more })
/** One pixel a second. */
const drawn = (marks: readonly ChartMark[], width = 240) => flagsOf(marks, BUCKETS, (at) => at, width)

describe('marks on a chart', () => {
  it('stand at their time, with the time that they took', () => {
    const flags = drawn([mark('5.8', 200), mark('5.7', 40, { until: 100 })])

    expect(flags.map(({ left, width, label }) => [left, width, label])).toEqual([[40, 60, '5.7'], [200, 0, '5.8']])
  })

  it('are folded where they are dense, with their number', () => {
    const [flag, other] = drawn([mark('a', 40), mark('b', 45), mark('c', 50), mark('d', 120)])

    expect([flag?.label, flag?.marks.map(({ id }) => id)]).toEqual(['3', ['a', 'b', 'c']])
    expect(other?.label).toBe('d')
  })

  it('have their words on the flag only where there is room', () => {
    const [first, second] = drawn([mark('2026.11.29-hotfix', 20), mark('5.8', 60)])

    expect([first?.label, second?.label]).toEqual(['', '5.8'])
    expect(drawn([mark('2026.11.29-hotfix', 20)])[0]?.label).toBe('2026.11.29')
  })

  it('are left out beyond the time of the chart, and cut at its edge', () => {
    const flags = drawn([mark('early', -90), mark('across', -30, { until: 30 }), mark('late', 240)])

    expect(flags.map(({ marks: [one], left, width }) => [one?.id, left, width])).toEqual([['across', 0, 30]])
  })

  it('are told in the bucket in which they began', () => {
    const marks = [mark('a', 70), mark('b', 119), mark('c', 120)]

    expect(inBucket(marks, BUCKETS, 1).map(({ id }) => id)).toEqual(['a', 'b'])
    expect(inBucket(marks, BUCKETS, 0)).toEqual([])
  })
})

describe('the words of marks', () => {
  it('say what, when and what changed', () => {
    const at = Date.UTC(2026, 10, 22, 10, 31) / 1000
    const one = mark('5.7', at, { until: at + 180, details: ['hotfix', '1 new name: shop.refund.'] })

    expect(markWords(one, 'utc')).toBe('Deploy of 5.7, 2026-11-22 10:31 to 10:34. hotfix. 1 new name: shop.refund.')
    expect(markWords({ ...one, until: at + 20, details: [] }, 'utc')).toBe('Deploy of 5.7, 2026-11-22 10:31.')
  })

  it('name some of many, the last first', () => {
    const many = Array.from({ length: 7 }, (_, index) => mark(String(index), index))

    expect(marksWords(many, 'utc')).toMatch(/^Deploy of 6, .*Deploy of 2, [^.]*\. And 2 before\.$/)
  })
})
