import { describe, expect, it } from 'vitest'
import { formatCount, formatNumber, plural } from './number'

describe('numbers', () => {
  it('are grouped', () => {
    expect(formatNumber(1234567)).toBe('1,234,567')
  })

  it('of which nobody counts the digits are short', () => {
    expect(formatNumber(999_999_999_999_999)).toBe('999,999,999,999,999')
    expect(formatNumber(1e308)).toBe('1.00e308')
    expect(formatNumber(-1.5e20)).toBe('-1.50e20')
  })

  it('say when counting stopped at the cap', () => {
    expect(formatCount({ total: 10_000, capped: true, complete: true }, 'task')).toBe('over 10,000 tasks')
  })

  it('say when time ran out before everything was counted', () => {
    expect(formatCount({ total: 31, capped: false, complete: false }, 'task')).toBe('at least 31 tasks')
    expect(formatCount({ total: 1, capped: false, complete: true }, 'task')).toBe('1 task')
  })

  it('are not said when nothing was counted in time', () => {
    expect(formatCount({ total: 0, capped: false, complete: false }, 'task')).toBe('not counted in time')
    expect(formatCount({ total: 0, capped: false, complete: true }, 'task')).toBe('0 tasks')
  })

  it('agree with their noun', () => {
    expect(plural(1, 'task')).toBe('1 task')
    expect(plural(0, 'task')).toBe('0 tasks')
    expect(plural(2, 'try', 'tries')).toBe('2 tries')
  })
})
