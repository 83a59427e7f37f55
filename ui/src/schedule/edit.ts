/** What somebody types to change an entry, and what is asked for by it. */

import type { ChangeEntryBody, ScheduleRow } from '../api/schema'

export type EntryDeed = 'run' | 'edit' | 'enable' | 'disable'

export interface EditedEntry {
  kind: 'crontab' | 'every'
  crontab: string
  zone: string
  every: number | string
}

/** What the form begins with: the entry as it is. */
export function firstEdit({ entry, written, zone }: Pick<ScheduleRow, 'entry' | 'written' | 'zone'>): EditedEntry {
  const every = entry.schedule.kind === 'interval' ? entry.schedule.every_s : ''
  return { kind: entry.schedule.kind === 'interval' ? 'every' : 'crontab', crontab: written || '0 * * * *', zone: zone || 'UTC', every }
}

export function wantedOf(deed: EntryDeed, typed: EditedEntry): ChangeEntryBody {
  if (deed === 'enable' || deed === 'disable') return { enabled: deed === 'enable' }
  if (typed.kind === 'every') return { every_s: typed.every === '' ? null : Number(typed.every) }
  return { crontab: typed.crontab.trim(), zone: typed.zone.trim() || null }
}
