/** What a table shows of its rows: those that are found, in an order, and only those in sight. */

export interface Column<T> {
  key: string
  title: string
  /** Right-aligned digits. */
  number?: boolean
  /** The cell names the row. */
  heading?: boolean
  /** It holds buttons or a tick; its title is for screen readers alone. */
  controls?: boolean
  /** It shares the room that the others leave, and its texts may take several lines. Without such
   * a column the last one with words takes it, so that numbers stand near what they are of. */
  wide?: boolean
  /** It is left out where a window is not wide, so that the others have room. */
  spare?: boolean
  /** What rows are sorted by; null comes last. Without it the column sorts nothing. */
  sort?: (row: T) => string | number | null
}

export interface Order {
  key: string
  descending: boolean
}

/** "a queue", "an error" */
export function oneOf(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`
}

/** The keys of the columns that share the room which the others leave. */
export function wideKeys<T>(columns: readonly Column<T>[]): string[] {
  const wide = columns.filter((column) => column.wide)
  const words = columns.filter(({ controls, number }) => !controls && !number)
  return (wide.length > 0 ? wide : words.slice(-1)).map(({ key }) => key)
}

/** Rows whose text has every word that is typed, in any case. */
export function filtered<T>(rows: readonly T[], text: ((row: T) => string) | undefined, typed: string): readonly T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  if (text === undefined || words.length === 0) return rows
  return rows.filter((row) => {
    const lower = text(row).toLowerCase()
    return words.every((word) => lower.includes(word))
  })
}

const byText = new Intl.Collator('en', { numeric: true }).compare

/** Rows in an order; those that are equal stay as they stood, and unknown ones come last. */
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], order: Order | null): readonly T[] {
  const sort = columns.find(({ key }) => key === order?.key)?.sort
  if (sort === undefined || order === null) return rows
  const sign = order.descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [left, right] = [sort(a), sort(b)]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    const both = typeof left === 'number' && typeof right === 'number'
    return sign * (both ? left - right : byText(`${left}`, `${right}`))
  })
}

/** The order after a click on a head: numbers begin with the greatest; the third click undoes it. */
export function turned<T>(order: Order | null, column: Column<T>): Order | null {
  const first = column.number ?? false
  if (order?.key !== column.key) return { key: column.key, descending: first }
  return order.descending === first ? { key: column.key, descending: !first } : null
}

/** Which rows are rendered: `first` to before `end`, with so many pixels left out above and below. */
export interface Slice {
  first: number
  end: number
  above: number
  below: number
}

/** A shorter table is rendered whole, and of a longer one so many rows until they were measured. */
export const WHOLE = 150
/** So many rows beside those in sight are rendered, too, so that scrolling shows no hole. */
const MARGIN = 30

/** The rows of `count` that are in sight when the table's body begins `top` pixels below the upper
 * edge of the window, which is `height` high (both may be beyond each other). */
export function inSight(count: number, rowHeight: number, top: number, height: number): Slice {
  if (count <= WHOLE || rowHeight <= 0) return { first: 0, end: Math.min(count, WHOLE), above: 0, below: 0 }
  const seen = Math.floor(-top / rowHeight)
  const fitting = Math.ceil(height / rowHeight)
  const first = Math.max(0, Math.min(count - 1, seen - MARGIN))
  const end = Math.min(count, Math.max(first + 1, seen + fitting + MARGIN))
  return { first, end, above: first * rowHeight, below: (count - end) * rowHeight }
}

/** The row that has the focus after a key; null: the key is none of the table's. */
export function moved(key: string, active: number, count: number, page: number): number | null {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count }[key]
  if (step === undefined || count === 0) return null
  return Math.max(0, Math.min(count - 1, active + step))
}
