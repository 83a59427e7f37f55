/** What is asked of the cluster, and done to it. Nothing but `post` changes anything. */

import { pathPart } from '../format/path_part'
import { isNull, member, jsValue } from '../json/convert'
import type { Json } from '../json/parse'
import type {
  Action,
  ActionPlan,
  ActionReport,
  ActionRequest,
  Applied,
  Apply,
  AuditPage,
  Inspected,
  Inspection,
  Me,
  QueuedMessage,
  QueuePeek,
  QueueProfile,
  Queues,
  Registered,
  Result,
  TaskRoute,
} from './control_types'
import type { DoctorItem, HealthFinding, LoggedOut, QueueRates, UnmutedCheck, UnmutedFinding } from './schema'
import { get, getJson, post } from './transport'

const id = pathPart

export const control = {
  me: (signal?: AbortSignal) => get<Me>('me', {}, signal),
  /** `go_on` is where the provider ends its own login. */
  logOut: () => post<LoggedOut>('logout', {}),

  muteFinding: (finding: string, how: { until: number; reason: string }) => post<HealthFinding>(`health/${id(finding)}/mute`, how),
  muteCheck: (check: string, how: { until: number; reason: string }) => post<DoctorItem>(`doctor/${id(check)}/mute`, how),
  unmuteCheck: (check: string) => post<UnmutedCheck>(`doctor/${id(check)}/unmute`, {}),
  unmuteFinding: (finding: string) => post<UnmutedFinding>(`health/${id(finding)}/unmute`, {}),

  plan: (request: ActionRequest) => post<ActionPlan>('actions', request),
  execute: (action: string, how: { confirm: number | null; reason?: string }) =>
    post<ActionReport>(`actions/${id(action)}/execute`, how),
  cancel: (action: string) => post<ActionReport>(`actions/${id(action)}/cancel`, {}),
  action: (action: string, signal?: AbortSignal) => get<Action>(`actions/${id(action)}`, {}, signal),

  apply: (apply: Apply) => post<Applied>('apply', apply),

  /** Waits so many seconds for the task to end. */
  result: async (task: string, timeout: number, signal?: AbortSignal): Promise<Result> =>
    withValues<Result>(await getJson(`results/${id(task)}`, { timeout }, signal), ['result', 'args', 'kwargs']),

  inspect: async (worker: string, what: Inspection, signal?: AbortSignal): Promise<Inspected> =>
    withValues<Inspected>(await getJson(`workers/${id(worker)}/${what}`, {}, signal), ['value']),

  registered: (signal?: AbortSignal) =>
    get<{ items: Registered[]; missing: string[] }>('registered', {}, signal),

  route: (name: string, queue: string | null, signal?: AbortSignal) => get<TaskRoute>('route', { name, queue }, signal),

  /** All queues, or those that have these words in their name. */
  queues: (search: string, signal?: AbortSignal) => get<Queues>('queues', search === '' ? {} : { search }, signal),

  queue: (name: string, signal?: AbortSignal) => get<QueueProfile>(`queues/${id(name)}`, {}, signal),

  queueRates: (name: string, span: { since: number; until: number }, signal?: AbortSignal) =>
    get<QueueRates>(`queues/${id(name)}/rates`, span, signal),

  messages: async (queue: string, limit: number, signal?: AbortSignal): Promise<QueuePeek> => {
    const answer = await getJson(`queues/${id(queue)}/messages`, { limit }, signal)
    const items = member(answer, 'items')
    const messages = items?.kind === 'array' ? items.items : []
    const { ready, at } = jsValue(answer) as QueuePeek
    return { ready, at, items: messages.map((one) => withValues<QueuedMessage>(one, ['args', 'kwargs', 'body'])) }
  },

  audit: (
    filter: { actor?: string; action?: string; task?: string; before?: number | null; limit: number },
    signal?: AbortSignal,
  ) => get<AuditPage>('audit', filter, signal),
}

/** An answer whose `values` stay as they are written; null is null. */
function withValues<T>(json: Json, values: readonly string[]): T {
  const answer = jsValue(json) as Record<string, unknown>
  for (const key of values) {
    const value = member(json, key)
    answer[key] = isNull(value) ? null : value
  }
  return answer as T
}
