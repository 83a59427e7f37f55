import { describe, expect, it } from 'vitest'
import { formatDuration, formatElapsed, formatExact, formatTick } from './duration'

describe('a duration', () => {
  it.each([
    [0, '0 s'],
    [0.0000001, '1 µs'],
    [0.00034, '340 µs'],
    [0.0021, '2.1 ms'],
    [0.082, '82 ms'],
    [0.9994, '999 ms'],
    [0.9996, '1.0 s'],
    [3.14, '3.1 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.7, '1 min'],
    [125, '2 min 5 s'],
    [3600, '1 h'],
    [7455, '2 h 4 min'],
    [7140, '1 h 59 min'],
    [7199, '2 h'],
    [86_400, '1 d'],
    [266_400, '3 d 2 h'],
  ])('of %d s reads %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it('that is negative keeps its sign', () => {
    expect(formatDuration(-2.5)).toBe('−2.5 s')
  })

  it('that still grows is told in whole seconds', () => {
    expect(formatElapsed(-1)).toBe('0 s')
    expect(formatElapsed(3.9)).toBe('3 s')
    expect(formatElapsed(125.2)).toBe('2 min 5 s')
  })

  it('that is no number reads as unknown', () => {
    expect(formatDuration(Number.NaN)).toBe('–')
  })
})

it('marks on an axis have one unit', () => {
  expect([0, 0.5, 2, 30, 90, 120, 150, 3_600, 21_600, 172_800].map(formatTick)).toEqual([
    '0 s', '500 ms', '2.0 s', '30 s', '90 s', '2 min', '2.5 min', '60 min', '6 h', '2 d',
  ])
})

it('a time far from 0 is as exact as the steps of its axis', () => {
  expect([0, 5, 65, 3605, 90_000].map((seconds) => formatExact(seconds, 5))).toEqual(['0', '5 s', '1 min 5 s', '1 h 5 s', '1 d 1 h'])
  expect([3605.2, 59.99].map((seconds) => formatExact(seconds, 0.1))).toEqual(['1 h 5.2 s', '1 min'])
  expect([0.05, 0.0002].map((seconds) => formatExact(seconds, 0.0001))).toEqual(['50 ms', '0.2 ms'])
})
