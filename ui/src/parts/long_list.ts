/** A long list as its two ends, with what lies between left out until someone asks for it. */

export interface Ends<T> {
  first: readonly T[]
  /** How many are left out; never a single one, whose place its notice would take. */
  between: number
  last: readonly T[]
}

export function ends<T>(items: readonly T[], first: number, last: number): Ends<T> {
  const between = items.length - first - last
  if (between <= 1) return { first: items, between: 0, last: [] }
  return { first: items.slice(0, first), between, last: items.slice(items.length - last) }
}
