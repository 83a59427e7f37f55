/** Numbers as people read them: grouped, and honest about what was not counted. */

const grouped = new Intl.NumberFormat('en')

/** From here on digits are not exact, and say no more than how many there are. */
const EXACT_BELOW = 1e15

export function formatNumber(value: number): string {
  return Math.abs(value) < EXACT_BELOW ? grouped.format(value) : value.toExponential(2).replace('e+', 'e')
}

export interface Counted {
  total: number
  capped: boolean
  complete: boolean
}

/**
 * "31 tasks"; "over 10,000 tasks" when counting stopped there, "at least 31 tasks" when time ran
 * out first, and nothing but that when it ran out before any was counted.
 */
export function formatCount(count: Counted, noun: string): string {
  if (isUncounted(count)) return 'not counted in time'
  if (count.capped) return `over ${plural(count.total, noun)}`
  return count.complete ? plural(count.total, noun) : `at least ${plural(count.total, noun)}`
}

/** Whether the number says nothing: time ran out before any was counted. */
export function isUncounted(count: Counted): boolean {
  return !count.complete && !count.capped && count.total === 0
}

/** "1 task", "2 tasks". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}
