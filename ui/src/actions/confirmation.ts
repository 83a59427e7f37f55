import type { ActionReport } from '../api/control_types'

/** Actions that no worker answers, or that come about also without an answer. */
const NEVER_CONFIRMED: ReadonlySet<string> = new Set(['shutdown', 'pause', 'resume', 'purge', 'retry', 'abort'])

export type ConfirmedState = ActionReport['state'] | 'unknown'

/** How an action stands: not "done" where workers were told and none confirmed it. */
export function confirmedState(report: ActionReport, action: string): ConfirmedState {
  const isUnconfirmed = report.workers.length > 0 && report.workers.every(({ outcome }) => outcome !== 'ok')
  return report.state === 'done' && isUnconfirmed && !NEVER_CONFIRMED.has(action) ? 'unknown' : report.state
}
