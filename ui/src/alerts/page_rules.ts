/** The rule that a page, a chart or a sentence of health suggests; whoever makes it changes the limit. */

/** Limits that people write, by their seconds. */
const LIMITS: readonly (readonly [limit_s: number, words: string])[] = [
  [1, '1 s'],
  [5, '5 s'],
  [30, '30 s'],
  [60, '1 min'],
  [300, '5 min'],
  [1_800, '30 min'],
  [3_600, '1 h'],
  [14_400, '4 h'],
]
const LONGEST = '24 h'

/** A rule about a search: about its failures, or, where it names other states, about how many match. */
export function searchRule(q: string): string {
  const namesStates = /(^|[\s(-])(state|is):/.test(q) && !/(^|\s)state:"?FAILURE"?(\s|$)/.test(q)
  return namesStates ? `count of ${q.trim()} > 0` : `failures${ofSearch(q)} > 0 over 10 min`
}

export function errorsRule(q: string): string {
  return `new or reopened error${ofSearch(q)}`
}

/** A rule about how tasks of a search end at all. */
export function endingRule(q: string): string {
  return `no success${ofSearch(q)} for 1 h`
}

export function failureRateRule(q: string): string {
  return `failure rate${ofSearch(q)} > 5 % over 10 min`
}

/** A rule about durations that are twice as long as now (`p95_s`, null: not known). */
export function durationRule(measure: 'runtime' | 'wait', q: string, p95_s: number | null): string {
  const [, limit = LONGEST] = LIMITS.find(([limit_s]) => limit_s >= 2 * (p95_s ?? 0)) ?? []
  return `p95 ${measure}${ofSearch(q)} > ${limit} over 10 min`
}

function ofSearch(q: string): string {
  return q.trim() === '' ? '' : ` of ${q.trim()}`
}
