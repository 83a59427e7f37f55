/** The arguments that a task was called with, as exactly as they are known, to be edited and sent again. */

import { control } from '../api/control'
import { Problem } from '../api/problem'
import type { Task } from '../api/types'
import { fromRepr, write } from '../json/convert'
import { sendable } from '../values/complete'

/** `exact`: of the worker or the result backend; `literal`: read from the texts of events; `none`: not whole there. */
export interface PastArguments {
  source: 'exact' | 'literal' | 'none'
  /** JSON; empty where it is not known. */
  args: string
  kwargs: string
}

export async function pastArguments(
  task: Pick<Task, 'uuid' | 'args' | 'kwargs' | 'args_json' | 'kwargs_json'>,
): Promise<PastArguments> {
  const [positional, named] = [sendable(task.args_json), sendable(task.kwargs_json)]
  if (positional && named) return { source: 'exact', args: write(positional), kwargs: write(named) }
  try {
    const result = await control.result(task.uuid, 0)
    if (result.args !== null && result.kwargs !== null) {
      return { source: 'exact', args: write(result.args), kwargs: write(result.kwargs) }
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
  const args = fromRepr(task.args ?? '()')
  const kwargs = fromRepr(task.kwargs ?? '{}')
  const whole = (task.args ?? task.kwargs) !== null && args !== null && kwargs !== null
  return { source: whole ? 'literal' : 'none', args: args ? write(args) : '', kwargs: kwargs ? write(kwargs) : '' }
}
