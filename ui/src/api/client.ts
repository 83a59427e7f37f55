/** Requests to the API. Every address is relative to `<base href>`, whatever the prefix. */

import { toPoints, toUnits } from '../query/offsets'
import { problemFrom, unreachable } from './problem'
import type { Count, Status, Suggestion, Task, TaskPage, Understood, Worker, Workflow } from './types'

type Parameters = Record<string, string | number | null | undefined>

/** The address of an API resource. Empty and missing parameters are left out. */
export function address(path: string, parameters: Parameters = {}): string {
  const url = new URL(`api/v1/${path}`, document.baseURI)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, `${value}`)
  }
  return url.href
}

/** Raises `Problem`, or the signal's own `AbortError`. */
async function get<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(address(path, parameters), {
      headers: { accept: 'application/json' },
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable()
  }
  const body: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw problemFrom(answer.status, body)
  return body as T
}

export const api = {
  tasks: (
    search: { q: string; order: string; limit: number; cursor?: string | null },
    signal?: AbortSignal,
  ) => get<TaskPage>('tasks', search, signal),

  tasksById: (ids: readonly string[], signal?: AbortSignal) =>
    get<TaskPage>('tasks', { ids: ids.join(',') }, signal),

  count: (q: string, by: 'state' | null, signal?: AbortSignal) =>
    get<Count>('tasks/count', { q, by }, signal),

  task: (id: string, signal?: AbortSignal) =>
    get<Task>(`tasks/${encodeURIComponent(id)}`, {}, signal),

  understand: async (q: string, signal?: AbortSignal): Promise<Understood> => {
    const understood = await get<Understood>('query', { q }, signal)
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

  status: (signal?: AbortSignal) => get<Status>('status', {}, signal),
}

function inUnits<T extends { start: number; end: number }>(text: string, span: T): T {
  return { ...span, start: toUnits(text, span.start), end: toUnits(text, span.end) }
}

/** Whether a request ended because the page no longer wanted it. */
export function isAbandoned(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
