/** Numbers as people read them: grouped, and honest about what was not counted. */

const grouped = new Intl.NumberFormat('en')

export function formatNumber(value: number): string {
  return grouped.format(value)
}

/** "over 10,000" when counting stopped there, "at least 31" when time ran out first. */
export function formatCount(count: { total: number; capped: boolean; complete: boolean }): string {
  const total = formatNumber(count.total)
  if (count.capped) return `over ${total}`
  return count.complete ? total : `at least ${total}`
}

/** "1 task", "2 tasks". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}
