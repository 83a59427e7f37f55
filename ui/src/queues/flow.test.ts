import { expect, it } from 'vitest'
import { depthWords, formatRate, isLine, shownOf, trendWords } from './flow'

it('a trend is a word, and one that drains says when it is empty', () => {
  expect(trendWords({ trend: 'growing', drain_s: null })).toBe('growing')
  expect(trendWords({ trend: 'draining', drain_s: 250 })).toMatch(/^draining, empty in 4/)
  expect(trendWords({ trend: 'draining', drain_s: null })).toBe('draining')
  expect(trendWords({ trend: 'steady', drain_s: null })).toBe('')
  expect(trendWords({ trend: null, drain_s: null })).toBe('')
})

it('one number is no line', () => {
  expect([null, [null, 1], [1, null, 2]].map(isLine)).toEqual([false, false, true])
})

it('the line is told in words', () => {
  expect(depthWords({ depths: [null, 3, 1204], hour_ago: 7 })).toBe('Waiting in the last hour, 1,204 at most, 7 an hour ago')
  expect(depthWords({ depths: null, hour_ago: null })).toBe('Waiting in the last hour, 0 at most')
})

it('few messages a minute have a tenth, many have none, and unknown is no number', () => {
  expect([0, 0.04, 2.25, 31.7, 1204, null].map(formatRate)).toEqual(['0', '0', '2.3', '32', '1,204', '–'])
})

it('one name more is shown rather than counted', () => {
  expect(shownOf(['a', 'b', 'c', 'd'], 3)).toEqual({ shown: ['a', 'b', 'c', 'd'], more: 0 })
  expect(shownOf(['a', 'b', 'c', 'd', 'e'], 3)).toEqual({ shown: ['a', 'b', 'c'], more: 2 })
})
