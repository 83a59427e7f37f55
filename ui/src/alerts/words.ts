/** Views of alerts as the address names them, and what is said of alerts in words. */

import type { Alert, AlertRule, ListedRule } from '../api/schema'
import { searchOf } from '../frame/address'

export type View = 'firing' | 'rules' | 'history' | 'notifiers'
export const VIEWS: readonly { view: View; title: string }[] = [
  { view: 'firing', title: 'Firing' },
  { view: 'rules', title: 'Rules' },
  { view: 'history', title: 'History' },
  { view: 'notifiers', title: 'Notifiers' },
]

/** What the address shows; `draft` is a rule that somebody is about to make, empty without. */
export interface Shown {
  view: View
  draft: string
}

export function readShown(parameters: string): Shown {
  const read = new URLSearchParams(parameters)
  const draft = read.get('rule') ?? ''
  const view = VIEWS.find((one) => one.view === read.get('view'))?.view
  return { view: view ?? (draft === '' ? 'firing' : 'rules'), draft }
}

export function viewPath(view: View): string {
  return view === 'firing' ? 'alerts' : `alerts?view=${view}`
}

/** The page on which a rule of this sentence is made. */
export function draftPath(condition: string): string {
  return `alerts${searchOf(new URLSearchParams({ rule: condition }))}`
}

/** A rule about the failures of a search. */
export function failuresRule(q: string): string {
  return `failures${q.trim() === '' ? '' : ` of ${q.trim()}`} > 0 over 10 min`
}

/** A name as it stands in a rule: in quotes where it must. */
export function nameInRule(name: string): string {
  return /^[^\s()"\\,*?~=<>][^\s()"\\,*?]*$/.test(name) ? name : `"${name.replace(/[\\"]/g, '\\$&')}"`
}

/** A link as the server writes it, below `<base href>`. */
export function linkPath(alert: Pick<Alert, 'id' | 'link'>): string {
  return alert.link === '' ? alertPath(alert.id) : alert.link.replace(/^\//, '') || '.'
}

export function alertPath(id: string): string {
  return `alerts/${encodeURIComponent(id)}`
}

/** What tells an alert from others of its rule; ids of errors and findings tell nobody anything. */
export function subjectOf(alert: Pick<Alert, 'subject' | 'condition'>): string {
  return /\b(error|finding)\b/.test(alert.condition.slice(0, 30)) ? '' : alert.subject
}

export function answerOf({ rule, answer }: ListedRule): string {
  if (!rule.enabled) return 'off'
  return answer === null ? 'not judged yet' : answer.answer
}

/** Whom a rule notifies, in words. */
export function notifiedBy(rule: Pick<AlertRule, 'notify'>): string {
  return rule.notify.length === 0 ? 'nobody' : rule.notify.join(', ')
}

/** How long something must be so, to choose from. */
export const PENDING: readonly { words: string; length_s: number }[] = [
  { words: 'at once', length_s: 0 },
  { words: 'after 2 minutes', length_s: 120 },
  { words: 'after 5 minutes', length_s: 300 },
  { words: 'after 15 minutes', length_s: 900 },
]

export const EXAMPLES: readonly string[] = [
  'failure rate of name:billing.* > 5 % over 10 min',
  'oldest message of queue * > 10 min',
  'any worker silent for 5 min',
  'no success of name:nightly for 25 h',
  'new or reopened error',
  'any critical finding',
]
