import { describe, expect, it } from 'vitest'
import { barsOf } from './histogram'

describe('a histogram', () => {
  it('has bars against the highest, with their words', () => {
    const bins = Array.from({ length: 12 }, (_, at) => ({ low: at, high: at + 1, n: at }))
    const bars = barsOf(bins)

    expect(bars.map(({ height }) => height).at(-1)).toBe(1)
    expect(bars[0]?.words).toBe('less than 1.0 s: 0')
    expect(bars[11]?.words).toBe('11 s to 12 s: 11')
    expect(bars.filter(({ tick }) => tick !== '')).toHaveLength(3)
  })

  it.each([13, 17, 30, 33, 49])('of %i bins has ticks that do not touch, nor leave it', (count) => {
    const bins = Array.from({ length: count }, (_, at) => ({ low: at, high: at + 1, n: 1 }))
    const ticked = barsOf(bins).flatMap(({ tick }, at) => (tick === '' ? [] : [at / count]))

    expect(ticked.length).toBeGreaterThan(1)
    for (const [at, next] of ticked.map((one, index) => [one, ticked[index + 1] ?? 1] as const)) {
      expect(next - at).toBeGreaterThan(0.17)
    }
  })

  it('of one bin has empty ones around it', () => {
    const bars = barsOf([{ low: 1, high: 1.3335, n: 7 }])

    expect(bars).toHaveLength(12)
    expect(bars.filter(({ n }) => n > 0).map(({ height }) => height)).toEqual([1])
    expect(bars.findIndex(({ n }) => n > 0)).toBeGreaterThan(2)
  })

  it('of nothing has no bars', () => {
    expect(barsOf([])).toEqual([])
  })
})
