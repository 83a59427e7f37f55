/** What is asked of errors, and decided about them. */

import { pathPart } from '../format/path_part'
import type { DecideErrorBody, ErrorDetail, ErrorGroups, ErrorsState, GroupState, IgnoreErrorBody, NoteErrorBody, SharedTraits } from './schema'
import { get, post } from './transport'

/** Of which time, Unix seconds. */
interface Within {
  since: number
  until: number
}

const at = (id: string, what = ''): string => `errors/${pathPart(id)}${what}`

export const errors = {
  /** Those of the tasks that match `q`, in one state or in any. */
  list: (span: Within & { q: string; tz: string; state: ErrorsState | null }, signal?: AbortSignal) =>
    get<ErrorGroups>('errors', { ...span }, signal),

  one: (id: string, span: Within, signal?: AbortSignal) => get<ErrorDetail>(at(id), { ...span }, signal),

  /** What its failures have more often than successes. */
  shares: (id: string, span: Within, signal?: AbortSignal) => get<SharedTraits>(at(id, '/shares'), { ...span }, signal),

  resolve: (id: string, body: DecideErrorBody) => post<GroupState>(at(id, '/resolve'), body),
  ignore: (id: string, body: IgnoreErrorBody) => post<GroupState>(at(id, '/ignore'), body),
  reopen: (id: string, body: DecideErrorBody) => post<GroupState>(at(id, '/reopen'), body),
  note: (id: string, body: NoteErrorBody) => post<GroupState>(at(id, '/note'), body),
}
