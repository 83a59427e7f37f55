/**
 * The part of a search that says of which time: the Tasks page's time range. It stands in the
 * text, as everything does that the page shows, so that actions on all that match mean it, too.
 */

import type { Chip } from '../api/types'
import { zoneName, type Zone } from '../format/time'
import { addable, removeChip, splice } from '../query/edit'
import { rangeOfTerm, readStamp, termOf, type Range } from '../time/range'

/** When the latest event of a task happened: of tasks in any state. */
export const USUAL_FIELD = 'updated'
/** Fields by which a search is narrowed in time; the first that it names is the one that is shown. */
const FIELDS = ['timestamp', 'finished', 'seen', 'received', 'started', 'sent', 'failed', 'succeeded']

export function timeChip(chips: readonly Chip[]): Chip | null {
  return chips.find(({ field, negated }) => !negated && FIELDS.includes(field ?? '')) ?? null
}

/** The zone that a search is read in, by its name; null: neither UTC nor that of the browser. */
export function zoneOf(tz: string): Zone | null {
  return tz === 'UTC' ? 'utc' : tz === zoneName('local') ? 'local' : null
}

/** The range of a search; null where it has none, or one that only text can say. */
export function rangeOf(chips: readonly Chip[], zone: Zone): Range | null {
  const chip = timeChip(chips)
  return chip === null ? null : rangeOfTerm(chip.text, (text) => readStamp(text, zone))
}

/** `text` of that time alone; null: of all times. Its field stays, unless another one is meant. */
export function withinRange(text: string, chips: readonly Chip[], range: Range | null, zone: Zone, field?: string): string {
  const chip = timeChip(chips)
  if (range === null) return chip === null ? text : removeChip(text, chip)
  const term = termOf(range, field ?? chip?.text.slice(0, chip.text.indexOf(':')) ?? USUAL_FIELD, zone)
  return chip === null ? `${addable(text, chips)} ${term}`.trim() : splice(text, chip, term).text
}
