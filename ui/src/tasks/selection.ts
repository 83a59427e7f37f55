/** Why an action would do nothing to what is selected: the same for rows and for all that match. */

import { hindrance } from '../actions/preconditions'
import type { TaskAction } from '../api/control_types'
import { STATES, type Chip, type Count, type State, type TaskRow } from '../api/types'
import { chosenStates, stateChip } from '../query/edit'
import { statesOf } from './counts'

type Selected = Pick<TaskRow, 'state' | 'name' | 'doubt'>

/** The reason, when there is one for each of them; null when the action can do something. */
export function useless(action: TaskAction, selected: readonly Selected[]): string | null {
  if (action === 'retry') return null
  const [first] = selected
  if (first === undefined || selected.some((task) => hindrance(action, task) === null)) return null
  return hindrance(action, first)
}

/**
 * What is known of all that match, one for each state that they can be in: the states that the
 * search asks for, if it does, and those that were counted, if all were. Null: they may be in any.
 */
export function allThatMatch(chips: readonly Chip[], byState: Count | null): Selected[] | null {
  const searched = stateChip(chips) === null ? null : chosenStates(chips)
  const named = searched?.every((state) => STATES.some((one) => one === state)) ? searched : null
  const counted = statesOf(byState)
  const states = named === null ? counted : named.filter((state) => counted?.includes(state) ?? true)
  return states?.map((state) => ({ state: state as State, name: '', doubt: null })) ?? null
}
