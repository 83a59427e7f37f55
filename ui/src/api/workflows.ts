/** Workflows, as the server answers them. */

import { pathPart } from '../format/path_part'
import type { WorkflowDetail, WorkflowList, WorkflowsOrder, WorkflowsState } from './schema'
import { get } from './transport'

export const workflows = {
  list: (asked: { q: string; tz: string; state: WorkflowsState | null; order: WorkflowsOrder; cursor: string | null; limit: number }, signal?: AbortSignal) =>
    get<WorkflowList>('workflows', { ...asked }, signal),

  /** With `sources` also by what the result backend and waiting messages tell, which takes longer. */
  one: (id: string, sources: boolean, signal?: AbortSignal) => get<WorkflowDetail>(`workflows/${pathPart(id)}/graph`, { sources: sources ? 'true' : null }, signal),
}
