/** What failures share, in words. */

import type { SharedTrait, SharedTraits } from '../api/schema'
import { formatNumber, plural } from '../format/number'

/** "worker: celery@eu-1", "kwargs.currency: 'EUR'", "hour: 14:00:00" (`moment` says when, of Unix seconds). */
export function traitLabel({ field, value }: Pick<SharedTrait, 'field' | 'value'>, moment: (at: number) => string): string {
  const at = field === 'hour' ? Date.parse(value) / 1000 : NaN
  return `${field}: ${Number.isNaN(at) ? value : `from ${moment(at)}`}`
}

/** Of fewer failures hardly anything can be told. */
export const FEW = 10
/** So many failures are compared at most (`FAILURES_MAX` of the server). */
const FAILURES_MAX = 400

/** "The newest 400 failures of this time were compared with 480 successes of shop.pay and 2 more names." */
export function sampleSentence({ failures, successes, names }: Pick<SharedTraits, 'failures' | 'successes' | 'names'>): string {
  const side = failures >= FAILURES_MAX ? `The newest ${formatNumber(failures)} failures` : failures === 1 ? 'The failure' : `All ${formatNumber(failures)} failures`
  const more = names.length > 1 ? ` and ${plural(names.length - 1, 'more name')}` : ''
  return `${side} of this time ${failures === 1 ? 'was' : 'were'} compared with ${plural(successes, 'success', 'successes')} of ${names[0] ?? 'no name'}${more}.`
}

/** "93 %", "under 1 %"; never 100 % of less than all. */
export function share(part: number, whole: number): string {
  if (whole === 0) return 'none'
  const percent = (100 * part) / whole
  if (part > 0 && percent < 1) return 'under 1 %'
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : 100} %`
}
