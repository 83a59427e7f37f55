/** What failures share, in words. */

import type { SharedTrait } from '../api/schema'

/** "worker: celery@eu-1", "kwargs.currency: 'EUR'", "hour: 14:00:00" (`moment` says when, of Unix seconds). */
export function traitLabel({ field, value }: Pick<SharedTrait, 'field' | 'value'>, moment: (at: number) => string): string {
  const at = field === 'hour' ? Date.parse(value) / 1000 : NaN
  return `${field}: ${Number.isNaN(at) ? value : `from ${moment(at)}`}`
}

/** "93 %", "under 1 %"; never 100 % of less than all. */
export function share(part: number, whole: number): string {
  if (whole === 0) return 'none'
  const percent = (100 * part) / whole
  if (part > 0 && percent < 1) return 'under 1 %'
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : 100} %`
}
