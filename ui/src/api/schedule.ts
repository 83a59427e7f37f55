/** What is asked of beat's entries, and done with them. */

import { pathPart } from '../format/path_part'
import type { ChangeEntryBody, EntryChange, EntryDetail, ScheduleList, SentTask } from './schema'
import { get, post } from './transport'

const of = (id: string): string => `schedule/${pathPart(id)}`

export const schedule = {
  list: (contains: string, limit: number, signal?: AbortSignal) => get<ScheduleList>('schedule', { contains, limit }, signal),
  entry: (id: string, signal?: AbortSignal) => get<EntryDetail>(of(id), {}, signal),
  run: (id: string, reason: string) => post<SentTask>(`${of(id)}/run`, { reason: reason || null }),
  change: (id: string, wanted: ChangeEntryBody) => post<EntryChange>(`${of(id)}/change`, wanted),
}
