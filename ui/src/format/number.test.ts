import { describe, expect, it } from 'vitest'
import { formatCount, formatNumber, plural } from './number'

describe('numbers', () => {
  it('are grouped', () => {
    expect(formatNumber(1234567)).toBe('1,234,567')
  })

  it('say when counting stopped at the cap', () => {
    expect(formatCount({ total: 10_000, capped: true, complete: true })).toBe('over 10,000')
  })

  it('say when time ran out before everything was counted', () => {
    expect(formatCount({ total: 31, capped: false, complete: false })).toBe('at least 31')
    expect(formatCount({ total: 31, capped: false, complete: true })).toBe('31')
  })

  it('agree with their noun', () => {
    expect(plural(1, 'task')).toBe('1 task')
    expect(plural(0, 'task')).toBe('0 tasks')
    expect(plural(2, 'try', 'tries')).toBe('2 tries')
  })
})
