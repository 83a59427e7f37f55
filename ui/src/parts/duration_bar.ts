/** Spans of time as parts of one bar: how long something waited, and how long it ran. */

export interface Span {
  label: string
  seconds: number
  kind: 'wait' | 'run' | 'failed'
}

/** A part that is not nothing is seen: so much of the bar it has at least. */
const LEAST = 0.01

/** What part of the bar each span has, from 0 to 1: of `most_s`, or of all together. Spans that
 * are longer than the bar fill it. */
export function shares(spans: readonly Span[], most_s?: number): number[] {
  const lengths = spans.map(({ seconds }) => (Number.isFinite(seconds) ? Math.max(0, seconds) : 0))
  const sum = lengths.reduce((before, length) => before + length, 0)
  if (sum === 0) return lengths
  const parts = lengths.map((length) => (length === 0 ? 0 : Math.max(LEAST, length / Math.max(sum, most_s ?? 0))))
  const whole = parts.reduce((before, part) => before + part, 0)
  return whole > 1 ? parts.map((part) => part / whole) : parts
}
