/** Which errors are new: those that were not there before, then those that become more. */

import type { ErrorGroup, ErrorGroups } from '../api/schema'

export interface NewError {
  group: ErrorGroup
  /** It failed so for the first time in the time that is shown. */
  isNew: boolean
  /** How often in the second half, against the first: 1 is as often. */
  growth: number
}

/** Twice as often, and some more, is rising. */
const RISING = 2
const RISING_MIN = 5

export function newestOf(groups: Pick<ErrorGroups, 'items' | 'since'>): NewError[] {
  const all = groups.items
    .filter(({ state }) => state.state !== 'ignored')
    .map((group) => ({ group, isNew: group.first !== null && group.first >= groups.since, growth: growth(group.trend) }))
  return all.toSorted((a, b) => rank(b) - rank(a) || b.group.count - a.group.count)
}

export function isRising({ group, growth }: NewError): boolean {
  return growth >= RISING && group.count >= RISING_MIN
}

function rank(one: NewError): number {
  return one.isNew ? 2 : isRising(one) ? 1 : 0
}

function growth(trend: readonly number[]): number {
  const half = Math.floor(trend.length / 2)
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
  // One more on both sides: from none to two is not infinitely more.
  return (sum(trend.slice(half)) + 1) / (sum(trend.slice(0, half)) + 1)
}
