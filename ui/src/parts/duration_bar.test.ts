import { expect, it } from 'vitest'
import { shares, type Span } from './duration_bar'

const spans = (...seconds: number[]): Span[] => seconds.map((each) => ({ label: 'waited', seconds: each, kind: 'wait' }))

it('spans share a bar by their length, or have their part of the longest', () => {
  expect(shares(spans(1, 3))).toEqual([0.25, 0.75])
  expect(shares(spans(1, 3), 8)).toEqual([0.125, 0.375])
  expect(shares(spans(1, 3), 2)).toEqual([0.25, 0.75])
})

it('a span that is not nothing is seen, and none leaves the bar', () => {
  const [short = 0, long = 0] = shares(spans(0.001, 1000))

  expect(short).toBeGreaterThan(0.009)
  expect(short + long).toBeCloseTo(1)
  expect(shares(spans(0, 0))).toEqual([0, 0])
  expect(shares(spans(-1, Number.NaN, 2))).toEqual([0, 0, 1])
  expect(shares([])).toEqual([])
})
