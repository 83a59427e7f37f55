import { STATES, type Count, type State } from '../api/types'

/**
 * States divide all tasks: where the server knows how many are in each, their sum is the total,
 * also beyond the number at which counting stops.
 */
export function whole(byState: Count): Count {
  return byState.groups_complete ? exactly(Object.values(byState.groups), byState) : byState
}

/**
 * How many are in these states, of those that were counted by state; null where that has to be
 * counted for itself.
 */
export function inStates(byState: Count, states: readonly string[]): Count | null {
  if (!byState.groups_complete || !states.every((state) => STATES.some((one) => one === state))) return null
  return exactly([...new Set(states)].map((state) => byState.groups[state] ?? 0), byState)
}

function exactly(counts: readonly number[], of: Count): Count {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return { ...of, total, capped: false, complete: true }
}

/** States in the order in which they are offered: first what wants to be seen. */
export const FACET_STATES: readonly State[] = [
  'FAILURE',
  'UNKNOWN',
  'RETRY',
  'STARTED',
  'RECEIVED',
  'PENDING',
  'SUCCESS',
  'REVOKED',
  'REJECTED',
]
/** How most tasks end: shown also when none did. */
const ALWAYS: readonly State[] = ['FAILURE', 'SUCCESS']

/**
 * The states that are offered, in their order: those in which tasks are, those that are asked for,
 * and those that were `shown` before, so that nothing goes from under the pointer; the others are a
 * click away. All where time was too short to find a task in any.
 */
export function offeredStates(byState: Count | null, chosen: readonly string[], shown: ReadonlySet<State>): State[] {
  if (byState !== null && !byState.groups_complete && Object.keys(byState.groups).length === 0) return [...FACET_STATES]
  return FACET_STATES.filter((state) => ALWAYS.includes(state) || byState?.groups[state] || chosen.includes(state) || shown.has(state))
}

/** In which states tasks are; null as long as that is not known. */
export function statesOf(byState: Count | null): string[] | null {
  if (!byState?.groups_complete) return null
  return Object.keys(byState.groups).filter((state) => (byState.groups[state] ?? 0) > 0)
}
