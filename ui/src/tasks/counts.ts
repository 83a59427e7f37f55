import type { Count } from '../api/types'

/**
 * Counting stops at a cap, but of everything the server knows how many are in each state
 * without counting. States divide all tasks, so then their sum is the total.
 */
export function whole(byState: Count): Count {
  const sum = Object.values(byState.groups).reduce((all, count) => all + count, 0)
  return byState.capped && sum > byState.total ? { ...byState, total: sum, capped: false } : byState
}
