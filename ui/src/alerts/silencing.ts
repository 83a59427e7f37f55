/** A silence or maintenance window as somebody types it, and as it is told. */

import type { AddSilenceBody, ListedSilence } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatSince, type Zone, zoneName } from '../format/time'
import { readStamp, shortStamp } from '../time/range'

export const DAY_S = 86_400
const HOUR_S = 3_600

export type Repeats = 'once' | 'day' | 'week'

export interface TypedSilence {
  /** The id of a rule, empty for all. */
  rule: string
  subject: string
  /** As `<input type=datetime-local>` has it; empty: now. */
  start: string
  length_s: number
  repeats: Repeats
  reason: string
}

export const LENGTHS: readonly { words: string; length_s: number }[] = [
  { words: '30 min', length_s: 1_800 },
  { words: '1 h', length_s: HOUR_S },
  { words: '2 h', length_s: 2 * HOUR_S },
  { words: '4 h', length_s: 4 * HOUR_S },
  { words: '8 h', length_s: 8 * HOUR_S },
  { words: '1 day', length_s: DAY_S },
  { words: '3 days', length_s: 3 * DAY_S },
  { words: '7 days', length_s: 7 * DAY_S },
]

export const REPEATS: readonly { repeats: Repeats; words: string }[] = [
  { repeats: 'once', words: 'once' },
  { repeats: 'day', words: 'every day' },
  { repeats: 'week', words: 'every week' },
]

export function firstSilence(rule: string): TypedSilence {
  return { rule, subject: '', start: '', length_s: HOUR_S, repeats: 'once', reason: '' }
}

/** Why what was typed is no silence; empty where it is one. */
export function silenceMistake({ start, length_s, repeats }: TypedSilence, zone: Zone, now: number): string {
  const from = start === '' ? now : readStamp(start, zone)
  if (from === null) return 'It begins at a day and a time.'
  // What begins then would come again every day an hour late.
  if (start !== '' && !shortStamp(from, zone).startsWith(start.slice(0, 16))) return 'Clocks are put forward over this time; begin it on another day.'
  if (repeats === 'once' && from + length_s <= now) return 'It would be over already.'
  return repeats === 'day' && length_s > DAY_S ? 'It would not be over before it comes again.' : ''
}

export function silenceToSend(typed: TypedSilence, zone: Zone, now: number): AddSilenceBody {
  const start = typed.start === '' ? now : (readStamp(typed.start, zone) ?? now)
  return {
    rule: typed.rule,
    subject: typed.subject.trim() || '*',
    start,
    until: start + typed.length_s,
    reason: typed.reason.trim(),
    repeat_s: typed.repeats === 'once' ? null : typed.repeats === 'day' ? DAY_S : 7 * DAY_S,
    zone: zoneName(zone),
  }
}

/** "until 14:00:00", "from 2026-01-05 02:00:00, for 2 h" */
export function whenWords(silence: ListedSilence, now: number, zone: Zone): string {
  const length = formatDuration(silence.next_until - silence.next_start)
  if (silence.holds) return `until ${formatSince(silence.next_until, now, zone)}`
  return `from ${formatSince(silence.next_start, now, zone)}, for ${length}`
}

/** "every week (Europe/Berlin)"; empty where it comes once. */
export function againWords({ repeat_s, zone }: ListedSilence): string {
  if (repeat_s === null) return ''
  return `every ${repeat_s === DAY_S ? 'day' : 'week'} (${zone})`
}

/** "everything", "Billing fails", "celery@eu-*", "Workers: celery@eu-*": what it is about. */
export function aboutWords({ rule, name, subject }: Pick<ListedSilence, 'rule' | 'name' | 'subject'>): string {
  if (rule === '') return subject === '*' ? 'everything' : subject
  return `${name === '' ? 'a rule that is gone' : name}${subject === '*' ? '' : `: ${subject}`}`
}

/** Those that hold now of this rule, or of all. */
export function silencesOf(silences: readonly ListedSilence[], rule: string): ListedSilence[] {
  return silences.filter((each) => each.holds && (each.rule === rule || (each.rule === '' && each.subject === '*')))
}

/** The one that keeps everybody from hearing of anything, the last to end; undefined where none does. */
export function silenceOfAll(silences: readonly ListedSilence[]): ListedSilence | undefined {
  return silences.filter(({ holds, rule, subject }) => holds && rule === '' && subject === '*').at(-1)
}
