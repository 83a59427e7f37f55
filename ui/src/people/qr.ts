/** A text as a QR code that an SVG draws. */

import { encode } from 'uqr'

export interface QrCode {
  /** How many squares wide and high, with the quiet zone round it. */
  size: number
  /** The dark squares, for `<path d>`, each one unit wide. */
  path: string
}

/** Cameras need so many light squares round the code (ISO/IEC 18004). */
const QUIET_ZONE = 4

/** Raises for a text that is longer than any code. */
export function qrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE })
  return { size, path: data.map((row, y) => rowPath(row, y)).join('') }
}

/** Dark squares side by side are one rectangle, so that no line shows between them. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = ''
  for (let x = 0; x < row.length; x++) {
    const first = x
    while (row[x]) x++
    if (x > first) path += `M${first} ${y}h${x - first}v1h${first - x}z`
  }
  return path
}
