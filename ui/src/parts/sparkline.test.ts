import { describe, expect, it } from 'vitest'
import { HEIGHT, sparkline, WIDTH } from './sparkline'

describe('a sparkline', () => {
  it('goes from the left edge to the right, and from zero to the greatest number', () => {
    expect(sparkline([0, 5, 10])).toEqual({ line: `M1 ${HEIGHT - 1}L50 10L${WIDTH - 1} 1`, end: { x: WIDTH - 1, y: 1 } })
  })

  it('is broken where a number is not known', () => {
    expect(sparkline([1, null, 1, 1]).line.match(/[ML]/g)).toEqual(['M', 'M', 'L'])
    expect(sparkline([1, null]).end).toMatchObject({ x: 1 })
  })

  it('can be compared with others by a common upper edge', () => {
    expect(sparkline([5], 10).end?.y).toBe(10)
    expect(sparkline([20], 10).end?.y).toBe(1)
  })

  it('of nothing, of zeros or of one number is drawn all the same', () => {
    expect(sparkline([])).toEqual({ line: '', end: null })
    expect(sparkline([null])).toEqual({ line: '', end: null })
    expect(sparkline([0, 0]).end).toEqual({ x: WIDTH - 1, y: HEIGHT - 1 })
    expect(sparkline([7]).line).toBe('M1 1')
  })
})
