/** The geometry of a small line of numbers over time, in a box of 100 by 20. */

export const WIDTH = 100
export const HEIGHT = 20
/** Room for the stroke at the edges. */
const INSET = 1

export interface Sparkline {
  /** The path of the line; nothing is drawn where a number is not known. */
  line: string
  /** Where the last known number stands; null when none is known. */
  end: { x: number; y: number } | null
}

/** `most` is the number at the upper edge: the greatest unless given, to compare several lines. */
export function sparkline(values: readonly (number | null)[], most?: number): Sparkline {
  const numbers = values.filter((value) => value !== null)
  const top = Math.max(most ?? 0, ...numbers, 0) || 1
  const step = values.length > 1 ? (WIDTH - 2 * INSET) / (values.length - 1) : 0
  let line = ''
  let end: Sparkline['end'] = null
  let open = false
  values.forEach((value, index) => {
    if (value === null) {
      open = false
      return
    }
    end = { x: round(INSET + index * step), y: round(HEIGHT - INSET - (Math.max(0, value) / top) * (HEIGHT - 2 * INSET)) }
    line += `${open ? 'L' : 'M'}${end.x} ${end.y}`
    open = true
  })
  return { line, end }
}

function round(length: number): number {
  return Math.round(length * 100) / 100
}
