import { describe, expect, it } from 'vitest'
import { toPoints, toUnits, underlined } from './offsets'

describe('offsets', () => {
  it('are the same in plain text', () => {
    expect(toUnits('name:a', 5)).toBe(5)
    expect(toPoints('name:a', 5)).toBe(5)
  })

  it('count a flower as one character for the server and two units here', () => {
    const text = '🌼 stat:x'

    expect(toUnits(text, 2)).toBe(3)
    expect(toPoints(text, 3)).toBe(2)
    expect(text.slice(toUnits(text, 2), toUnits(text, 6))).toBe('stat')
  })

  it('past the end stay at the end', () => {
    expect(toUnits('ab', 9)).toBe(2)
    expect(toPoints('ab', 9)).toBe(2)
  })

  it('underline one unit at least, within the text', () => {
    expect(underlined('🌼 stat:x', { start: 2, end: 6 })).toEqual({ start: 3, end: 7 })
    expect(underlined('ab', { start: 2, end: 2 })).toEqual({ start: 2, end: 3 })
  })
})
