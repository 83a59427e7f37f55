/** Which findings are shown, and what they say. */

import type { HealthFinding } from '../api/schema'
import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'
import { formatShare } from '../format/share'
import type { ActionKind } from '../api/control_types'
import type { Target } from '../actions/request'

/** More open ones would hide the page; the rest waits for a click. */
export const OPEN_MAX = 5

export interface ShownFindings {
  open: HealthFinding[]
  /** How many open ones are left out. */
  more: number
  muted: HealthFinding[]
}

export function shownFindings(findings: readonly HealthFinding[], unfolded: boolean): ShownFindings {
  const open = findings.filter(({ muted }) => muted === null)
  const shown = unfolded ? open : open.slice(0, OPEN_MAX)
  return { open: shown, more: open.length - shown.length, muted: findings.filter(({ muted }) => muted !== null) }
}

export const SEVERITIES = {
  critical: { icon: 'failure', word: 'Critical' },
  warning: { icon: 'alert', word: 'Warning' },
  notice: { icon: 'help', word: 'Notice' },
} as const

const FORMATS: Record<NonNullable<HealthFinding['evidence']>['unit'], (value: number) => string> = {
  messages: (value) => `${formatNumber(Math.round(value))} messages`,
  tasks: (value) => `${formatNumber(Math.round(value))} tasks`,
  seconds: formatDuration,
  share: formatShare,
  bytes: (value) => `${formatNumber(Math.round(value / 1e6))} MB`,
}

/** "mail: 307 messages now, 12 messages usually": the line of an evidence in words. */
export function evidenceWords({ name, unit, points, usual }: NonNullable<HealthFinding['evidence']>): string {
  const format = FORMATS[unit]
  const last = points.at(-1)
  const now = last ? `${format(last.value)} now` : 'nothing measured'
  return `${name === '' ? '' : `${name}: `}${now}${usual === null ? '' : `, ${format(usual)} usually`}`
}

/** Whether numbers make a line worth drawing: a level one says nothing that the sentence does not. */
export function hasShape(points: readonly { value: number }[]): boolean {
  return points.some(({ value }) => value !== points[0]?.value)
}

/** The action of a finding as the dialog of actions takes it; null for one that only leads somewhere. */
export function planOf({ action }: Pick<HealthFinding, 'action'>): { action: ActionKind; target: Target } | null {
  const { request } = action
  if (request === null) return null
  const { ids, q, tz, workers, queue, name } = request
  return {
    action: request.action as ActionKind,
    target: {
      ...(ids === null ? {} : { ids }),
      ...(q === null ? {} : { q, tz }),
      ...(workers.length === 0 ? {} : { workers }),
      ...(queue === null ? {} : { queue }),
      ...(name === null ? {} : { name }),
    },
  }
}

/** For how long one mutes, in words and seconds. */
export const MUTES = [
  { words: 'an hour', length_s: 3_600 },
  { words: 'eight hours', length_s: 8 * 3_600 },
  { words: 'a day', length_s: 86_400 },
  { words: 'a week', length_s: 7 * 86_400 },
  { words: 'a month', length_s: 30 * 86_400 },
] as const
