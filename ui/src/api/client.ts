/** What is asked of the history. */

import { pathPart } from '../format/path_part'
import { toPoints, toUnits } from '../query/offsets'
import type {
  AllDiff, CountBy, DoctorAnswer, DoctorItem, ErrorGroups, FleetDiff, HealthAnswer, NameDetail, NameList, NamesAgainst, NamesSort, Registration, SampledQueues, SampledWorkers, SeriesOfCounts, SeriesOfRuntimes, SeriesOfWaits, TaskLog,
} from './schema'
import { get, getText } from './transport'
import type { AllCount, AllTasks, Cluster, Count, Gap, Status, Suggestion, Task, TaskPage, Understood, WorkerList } from './types'

/** What is answered for each measure. */
interface Measured {
  count: SeriesOfCounts
  runtime: SeriesOfRuntimes
  wait: SeriesOfWaits
}

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

  /** A measure over time; `from` and `to` are Unix seconds. */
  series: <M extends keyof Measured>(asked: { q: string; measure: M; from: number; to: number }, signal?: AbortSignal) =>
    get<Measured[M]>('series', asked, signal),

  /** `since` and `until` are Unix seconds; so are those of the others. */
  names: (asked: { since: number; until: number; sort: NamesSort; against: NamesAgainst; contains?: string; limit: number }, signal?: AbortSignal) =>
    get<NameList>('names', asked, signal),

  name: (name: string, asked: { since: number; until: number; against: NamesAgainst }, signal?: AbortSignal) =>
    get<NameDetail>(`names/${pathPart(name)}`, asked, signal),

  registration: (name: string, signal?: AbortSignal) =>
    get<Registration>(`names/${pathPart(name)}/registration`, {}, signal),

  errors: (asked: { q?: string; since: number; until: number; limit: number; state?: string }, signal?: AbortSignal) =>
    get<ErrorGroups>('errors', asked, signal),

  /** How the cluster is now; of the past what was since then (Unix seconds). */
  health: (since: number, signal?: AbortSignal) => get<HealthAnswer>('health', { since }, signal),

  /** All checks; `again`: looked at anew. */
  doctor: (again: boolean, signal?: AbortSignal) => get<DoctorAnswer>('doctor', { again: again ? 'true' : null }, signal),
  /** One check of the doctor, looked at anew. */
  doctorCheck: (id: string, signal?: AbortSignal) => get<DoctorItem>(`doctor/${pathPart(id)}`, {}, signal),
  doctorReport: () => getText('doctor/report'),

  /** Queues and workers as they were sampled; those of which there was most. */
  queueSamples: (span: { since: number; until: number; names?: string }, signal?: AbortSignal) => get<SampledQueues>('samples/queues', span, signal),
  workerSamples: (span: { since: number; until: number }, signal?: AbortSignal) => get<SampledWorkers>('samples/workers', span, signal),

  task: (id: string, signal?: AbortSignal) =>
    get<Task>(`tasks/${pathPart(id)}`, {}, signal),

  /** What a task logged, after the `next` of an earlier answer. */
  taskLog: (id: string, after: string, signal?: AbortSignal) =>
    get<TaskLog>(`tasks/${pathPart(id)}/log`, { after }, signal),

  understand: async (q: string, tz: string, signal?: AbortSignal): Promise<Understood> => {
    const understood = await get<Understood>('query', { q, tz }, signal)
    return { ...understood, chips: understood.chips.map((chip) => inUnits(q, chip)) }
  },

  suggest: (q: string, at: number, limit: number, signal?: AbortSignal) => suggested('suggest', q, at, limit, signal),
  allSuggest: (q: string, at: number, limit: number, signal?: AbortSignal) => suggested('all/suggest', q, at, limit, signal),

  /** The same of all clusters that a person may look at. */
  allTasks: (search: { q: string; order: string; limit: number; tz?: string; cursor?: string | null }, signal?: AbortSignal) =>
    get<AllTasks>('all/tasks', search, signal),

  /** In what clusters differ; all of them unless some are named. */
  allDiff: (clusters: readonly string[], signal?: AbortSignal) =>
    get<AllDiff>('all/diff', clusters.length === 0 ? {} : { clusters: clusters.join(',') }, signal),

  allCount: (q: string, tz: string, signal?: AbortSignal) => get<AllCount>('all/tasks/count', { q, tz }, signal),

  /** Unless a time is asked for, the numbers are those of the last hour. */
  workers: (asked: { since?: number; until?: number; name?: string }, signal?: AbortSignal) =>
    get<WorkerList>('workers', asked, signal),

  /** In what workers differ: they are asked. */
  workersDiff: (asked: { name: string; deployment?: string }, signal?: AbortSignal) =>
    get<FleetDiff>('workers/diff', asked, signal),

  clusters: async (signal?: AbortSignal) => (await get<{ items: Cluster[] }>('clusters', {}, signal)).items,

  gaps: (signal?: AbortSignal) => get<{ gaps: Gap[] }>('gaps', {}, signal),

  status: (signal?: AbortSignal) => get<Status>('status', {}, signal),
}

async function suggested(path: string, q: string, at: number, limit: number, signal?: AbortSignal): Promise<Suggestion[]> {
  const { items } = await get<{ items: Suggestion[] }>(path, { q, at: toPoints(q, at), limit }, signal)
  return items.map((item) => inUnits(q, item))
}

function inUnits<T extends { start: number; end: number }>(text: string, span: T): T {
  return { ...span, start: toUnits(text, span.start), end: toUnits(text, span.end) }
}
