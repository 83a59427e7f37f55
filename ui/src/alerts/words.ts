/** Views of alerts as the address names them, and what is said of alerts in words. */

import type { Alert, AlertRule, ListedRule } from '../api/schema'
import { pathPart } from '../format/path_part'
import { searchOf } from '../frame/address'

export type View = 'firing' | 'rules' | 'silences' | 'history' | 'notifiers'
export const VIEWS: readonly { view: View; title: string }[] = [
  { view: 'firing', title: 'Firing' },
  { view: 'rules', title: 'Rules' },
  { view: 'silences', title: 'Silences' },
  { view: 'history', title: 'History' },
  { view: 'notifiers', title: 'Notifiers' },
]

/** What the address shows; `draft` is a rule that somebody is about to make, `edit` the id of one that they change, each
 * empty without. */
export interface Shown {
  view: View
  draft: string
  edit: string
}

export function readShown(parameters: string): Shown {
  const read = new URLSearchParams(parameters)
  const draft = read.get('rule') ?? ''
  const edit = read.get('edit') ?? ''
  const view = VIEWS.find((one) => one.view === read.get('view'))?.view
  return { view: view ?? (draft === '' && edit === '' ? 'firing' : 'rules'), draft, edit }
}

export function viewPath(view: View): string {
  return view === 'firing' ? 'alerts' : `alerts?view=${view}`
}

/** The page on which a rule of this sentence is made. */
export function draftPath(condition: string): string {
  return `alerts${searchOf(new URLSearchParams({ rule: condition }))}`
}

/** The page on which a rule is changed. */
export function editPath(id: string): string {
  return `alerts${searchOf(new URLSearchParams({ edit: id }))}`
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
  return `alerts/${pathPart(id)}`
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

export const EXAMPLES: readonly string[] = [
  'failure rate of name:billing.* > 5 % over 10 min',
  'oldest message of queue * > 10 min',
  'any worker silent for 5 min',
  'no success of name:nightly for 25 h',
  'new or reopened error',
  'any critical finding',
]
