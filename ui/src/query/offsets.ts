/**
 * The server counts characters (code points), the browser UTF-16 units. Offsets are turned
 * at the edge, so that everything inside counts as the browser does.
 */

export function toUnits(text: string, points: number): number {
  let units = 0
  for (const point of text) {
    if (points-- <= 0) break
    units += point.length
  }
  return units
}

export function toPoints(text: string, units: number): number {
  return [...text.slice(0, units)].length
}

/** What of `text` is underlined for a mistake in characters `start` to `end`: one unit at least. */
export function underlined(text: string, span: { start: number; end: number }): { start: number; end: number } {
  const start = Math.min(toUnits(text, span.start), text.length)
  return { start, end: Math.max(toUnits(text, span.end), start + 1) }
}
