/** What is asked of alerts, and done to them. */

import { pathPart } from '../format/path_part'
import type {
  AddSilenceBody,
  Alert,
  AlertDetail,
  AlertHistory,
  AlertList,
  AlertNotice,
  BackTest,
  ListedRule,
  ListedSilence,
  NotifierList,
  RuleList,
  RuleReading,
} from './schema'
import { get, post } from './transport'

export interface RuleToKeep {
  name: string
  condition: string
  severity: Alert['severity']
  pending_s: number
  clear_s: number
  notify: string[]
  escalate_s: number | null
  escalate_to: string[]
  note: string
  enabled: boolean
}

const of = (what: string, id: string, deed: string): string => `alerts/${what}${pathPart(id)}/${deed}`

export const alerts = {
  now: (signal?: AbortSignal) => get<AlertList>('alerts', {}, signal),
  one: (id: string, signal?: AbortSignal) => get<AlertDetail>(`alerts/${pathPart(id)}`, {}, signal),
  history: (before: number | null, signal?: AbortSignal) => get<AlertHistory>('alerts/history', { before }, signal),
  rules: (signal?: AbortSignal) => get<RuleList>('alerts/rules', {}, signal),
  notifiers: (signal?: AbortSignal) => get<NotifierList>('alerts/notifiers', {}, signal),
  read: (condition: string, signal?: AbortSignal) => get<RuleReading>('alerts/read', { condition }, signal),
  backTest: ({ condition, pending_s, clear_s }: Pick<RuleToKeep, 'condition' | 'pending_s' | 'clear_s'>, signal?: AbortSignal) =>
    get<BackTest>('alerts/back-test', { condition, pending_s, clear_s }, signal),
  add: (rule: RuleToKeep) => post<ListedRule>('alerts/rules', rule),
  /** `changed` is that of the rule as it was seen. */
  change: (id: string, rule: RuleToKeep, changed: number) => post<ListedRule>(of('rules/', id, 'change'), { ...rule, changed }),
  remove: (id: string) => post<{ id: string }>(of('rules/', id, 'remove'), {}),
  /** `insteadOf` is who takes care by now, empty where nobody does. */
  acknowledge: (id: string, insteadOf: string) => post<Alert>(of('', id, 'acknowledge'), { instead_of: insteadOf }),
  silence: (silence: AddSilenceBody) => post<ListedSilence>('alerts/silences', silence),
  unsilence: (id: string) => post<{ id: string }>(of('silences/', id, 'end'), {}),
  test: (name: string) => post<AlertNotice>(of('notifiers/', name, 'test'), {}),
}
