import { describe, expect, it } from 'vitest'
import { countsOf, sentenceOf, STRIP, stripBars, stripHours, stripX } from './strip'

const strip = { start: 0, bucket_s: 900, due: [2, 0, 4, 1], missed: [1, 0, 0, 0], late: [0, 0, 3, 0], unknown: [0, 0, 0, 0], coming: [0, 0, 1, 1], frequent: 0, gaps: [] }

describe('the strip of a day', () => {
  it('has a bar for each bucket in which something was or is due, in parts', () => {
    const bars = stripBars(strip)

    expect(bars.map(({ at }) => at)).toEqual([0, 1_800, 2_700])
    expect(bars.map(({ sentence }) => sentence)).toEqual(['1 ran, 1 missed', '3 late, 1 to come', '1 to come'])
    expect(bars.map(({ parts }) => parts.map(({ kind }) => kind))).toEqual([['ran', 'missed'], ['coming', 'late'], ['coming']])
    expect(bars[1]!.parts.reduce((sum, { height }) => sum + height, 0)).toBeCloseTo(STRIP.base - 6)
    expect(bars[0]!.parts[0]!.height).toBeCloseTo(bars[0]!.parts[1]!.height)
    expect(bars[0]!.parts[0]!.y + bars[0]!.parts[0]!.height).toBeCloseTo(STRIP.base)
  })

  it('has nothing where nothing is due', () => {
    expect(stripBars({ ...strip, due: [0, 0, 0, 0] })).toEqual([])
  })

  it('counts a whole day', () => {
    expect(sentenceOf(countsOf(strip))).toBe('1 ran, 3 late, 1 missed, 2 to come')
  })

  it('tells where a moment lies, and keeps to its ends', () => {
    expect(stripX(strip, 1_800)).toBe(STRIP.width / 2)
    expect(stripX(strip, -5)).toBe(0)
    expect(stripX(strip, 9e9)).toBe(STRIP.width)
    expect(stripHours({ ...strip, due: Array(96).fill(0) })).toHaveLength(8)
  })
})
