/** A rule as somebody writes it, before it is sent. */

import type { RuleToKeep } from '../api/alerts'
import type { AlertRule } from '../api/schema'
import { formatDuration } from '../format/duration'

/** A length of time to choose, in words. */
export interface Choice {
  words: string
  length_s: number
}

const MINUTE_S = 60
const HOUR_S = 3_600
const PENDING: readonly number[] = [0, 2 * MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S]
const CLEAR: readonly number[] = [0, MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S]
const ESCALATE: readonly number[] = [5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 4 * HOUR_S]

export function newTerms(condition: string): RuleToKeep {
  return {
    name: '',
    condition,
    severity: 'warning',
    pending_s: 0,
    clear_s: MINUTE_S,
    notify: [],
    escalate_s: null,
    escalate_to: [],
    note: '',
    enabled: true,
  }
}

export function termsOf(rule: AlertRule): RuleToKeep {
  const { name, condition, severity, pending_s, clear_s, notify, escalate_s, escalate_to, note, enabled } = rule
  return { name, condition, severity, pending_s, clear_s, notify: [...notify], escalate_s, escalate_to: [...escalate_to], note, enabled }
}

/** As it is sent: without blanks around words, and nobody to escalate to where nothing is. */
export function termsToSend(terms: RuleToKeep): RuleToKeep {
  return {
    ...terms,
    name: terms.name.trim(),
    note: terms.note.trim(),
    escalate_to: terms.escalate_s === null ? [] : terms.escalate_to,
  }
}

export function pendingChoices(chosen_s: number): Choice[] {
  return choices(PENDING, chosen_s, (length_s) => (length_s === 0 ? 'at once' : `after ${formatDuration(length_s)}`))
}

export function clearChoices(chosen_s: number): Choice[] {
  return choices(CLEAR, chosen_s, (length_s) => (length_s === 0 ? 'at once' : `after ${formatDuration(length_s)}`))
}

export function escalationChoices(chosen_s: number | null): Choice[] {
  return choices(ESCALATE, chosen_s, (length_s) => `after ${formatDuration(length_s)}`)
}

/** What is usual, and what was chosen elsewhere, in order. */
function choices(usual: readonly number[], chosen_s: number | null, words: (length_s: number) => string): Choice[] {
  const lengths = chosen_s === null || usual.includes(chosen_s) ? usual : [...usual, chosen_s].toSorted((a, b) => a - b)
  return lengths.map((length_s) => ({ words: words(length_s), length_s }))
}
