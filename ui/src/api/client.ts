/** What is asked of the history. */

import { toPoints, toUnits } from '../query/offsets'
import type { CountBy, SeriesOfCounts } from './schema'
import { get } from './transport'
import type { Cluster, Count, Gap, Status, Suggestion, Task, TaskPage, Understood, Worker, Workflow } from './types'

export const api = {
  tasks: (
    search: { q: string; order: string; limit: number; tz?: string; cursor?: string | null },
    signal?: AbortSignal,
  ) => get<TaskPage>('tasks', search, signal),

  tasksById: (ids: readonly string[], signal?: AbortSignal) =>
    get<TaskPage>('tasks', { ids: ids.join(',') }, signal),

  count: (q: string, tz: string, by: CountBy | null, signal?: AbortSignal) =>
    get<Count>('tasks/count', { q, tz, by }, signal),

  /** How many tasks that match ended when, and how; `from` and `to` are Unix seconds. */
  counts: (asked: { q: string; tz: string; from: number; to: number }, signal?: AbortSignal) =>
    get<SeriesOfCounts>('series', { ...asked, measure: 'count' }, signal),

  task: (id: string, signal?: AbortSignal) =>
    get<Task>(`tasks/${encodeURIComponent(id)}`, {}, signal),

  understand: async (q: string, tz: string, signal?: AbortSignal): Promise<Understood> => {
    const understood = await get<Understood>('query', { q, tz }, signal)
    return { ...understood, chips: understood.chips.map((chip) => inUnits(q, chip)) }
  },

  suggest: async (q: string, at: number, limit: number, signal?: AbortSignal) => {
    const parameters = { q, at: toPoints(q, at), limit }
    const { items } = await get<{ items: Suggestion[] }>('suggest', parameters, signal)
    return items.map((item) => inUnits(q, item))
  },

  workflow: (rootId: string, signal?: AbortSignal) =>
    get<Workflow>(`workflows/${encodeURIComponent(rootId)}`, {}, signal),

  workers: (signal?: AbortSignal) =>
    get<{ items: Worker[]; now: number }>('workers', {}, signal),

  clusters: async (signal?: AbortSignal) => (await get<{ items: Cluster[] }>('clusters', {}, signal)).items,

  gaps: (signal?: AbortSignal) => get<{ gaps: Gap[] }>('gaps', {}, signal),

  status: (signal?: AbortSignal) => get<Status>('status', {}, signal),
}

function inUnits<T extends { start: number; end: number }>(text: string, span: T): T {
  return { ...span, start: toUnits(text, span.start), end: toUnits(text, span.end) }
}
