import { expect, test } from 'vitest'
import { gapsBehind, inView, labelWidth, placeOf, ticks, timeScale, viewOf, WHOLE, zoomed } from './time_scale'

test('without long gaps time is even', () => {
  const scale = timeScale([[0, 4], [5, 10]], 0, 10)

  expect(scale.pieces).toHaveLength(1)
  expect([0, 2.5, 10].map((at) => placeOf(scale, at))).toEqual([0, 0.25, 1])
  expect(placeOf(scale, -5)).toBe(0)
  expect(placeOf(scale, 99)).toBe(1)
})

test('an hour in which nothing ran is drawn short', () => {
  const scale = timeScale([[0, 5], [3605, 3610]], 0, 3610)

  expect(scale.pieces.map(({ idle }) => idle)).toEqual([false, true, false])
  expect(placeOf(scale, 5)).toBeCloseTo(0.475)
  expect(placeOf(scale, 3605)).toBeCloseTo(0.525)
  expect(placeOf(scale, 3610)).toBe(1)
})

test('places never go backwards, however odd the spans are', () => {
  const ran: [number, number][] = Array.from({ length: 200 }, (_, n) => [(n * 7919) % 5000, ((n * 7919) % 5000) + (n % 9)])
  const scale = timeScale([...ran, [-50, -10], [9000, 8000]], 0, 6000)
  const positions = Array.from({ length: 601 }, (_, n) => placeOf(scale, n * 10))

  expect(positions.every((place, n) => n === 0 || place >= (positions[n - 1] ?? 0))).toBe(true)
  expect(scale.pieces.filter(({ idle }) => idle).length).toBeLessThanOrEqual(8)
})

test('a workflow of no time at all has a scale', () => {
  expect(placeOf(timeScale([], 7, 7), 7)).toBe(0)
})

test('a view is between two places, and never empty', () => {
  expect(viewOf(0.6, 0.2)).toEqual({ start: 0.2, end: 0.6 })
  expect(viewOf(1, 1).end - viewOf(1, 1).start).toBeCloseTo(0.002)
  expect(inView({ start: 0.2, end: 0.6 }, 0.4)).toBeCloseTo(0.5)
  expect(zoomed(WHOLE, 0.5)).toEqual({ start: 0.25, end: 0.75 })
  expect(zoomed({ start: 0, end: 0.4 }, 4)).toEqual({ start: 0, end: 1 })
})

test('ticks are round and apart', () => {
  const labels = (seconds: number, width = 800): string[] => ticks(timeScale([[0, seconds]], 0, seconds), WHOLE, width).flatMap(({ label }) => label || [])

  expect(labels(60)).toEqual(['0', '10 s', '20 s', '30 s', '40 s', '50 s'])
  expect(labels(0.4)).toEqual(['0', '50 ms', '100 ms', '150 ms', '200 ms', '250 ms', '300 ms', '350 ms'])
  expect(labels(7200).length).toBeGreaterThan(3)
  expect(labels(60, 200)).toEqual(['0', '30 s'])
})

test('no label is the same as another, however long nothing ran between them', () => {
  const scale = timeScale([[0, 6], [3606, 3612], [90000, 90006]], 0, 90006)
  const labels = ticks(scale, WHOLE, 1200).flatMap(({ label }) => label || [])

  expect(labels).toContain('1 h 10 s')
  expect(labels.filter((label) => label.startsWith('1 d 1 h')).length).toBeGreaterThan(0)
  expect(new Set(labels).size).toBe(labels.length)
})

test.each([120, 340, 860, 1900])('labels meet neither each other nor a gap on %i pixels', (width) => {
  const ran: [number, number][] = Array.from({ length: 9 }, (_, n) => [n * 5000, n * 5000 + 1 + n * 3])
  const scale = timeScale(ran, 0, 40_025)
  for (const view of [WHOLE, { start: 0.1, end: 0.35 }, { start: 0.5, end: 0.502 }]) {
    const marks = ticks(scale, view, width).filter(({ label }) => label !== '')
    const spans = marks.map(({ at, label }) => [at * width, at * width + labelWidth(label)] as const)
    const gaps = scale.pieces.filter(({ idle }) => idle).map((piece) => [inView(view, piece.start) * width, inView(view, piece.end) * width] as const)

    expect(spans.every(([from], n) => n === 0 || from >= (spans[n - 1]?.[1] ?? 0) - 1)).toBe(true)
    expect(spans.some(([from, to]) => gaps.some(([left, right]) => from < right - 1 && to > left + 1))).toBe(false)
  }
})

test('a part of a long time has no more ticks than fit', () => {
  expect(ticks(timeScale([[0, 1e6]], 0, 1e6), { start: 0.5, end: 0.500001 }, 800).length).toBeLessThan(12)
})

test('times in which nothing ran are marked behind the rows', () => {
  expect(gapsBehind(timeScale([[0, 5]], 0, 5), WHOLE)).toBe('none')
  expect(gapsBehind(timeScale([[0, 5], [3605, 3610]], 0, 3610), WHOLE)).toContain('var(--sunken) 47.500% 52.500%')
})
