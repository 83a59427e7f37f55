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
