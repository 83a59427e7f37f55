/** A back-test as a chart: the numbers of the past, and the limit beside them. */

import type { BackTest } from '../api/schema'
import type { Buckets, Series } from '../parts/chart'

/** Points stand at the ends of their steps, and steps that were thinned out are wider. */
export function testedBuckets({ points, step_s }: BackTest): Buckets {
  const [first, second] = points
  const length_s = first && second ? Math.max(step_s, second.at - first.at) : step_s
  return { starts: points.map(({ at }) => at - step_s), length_s, partial: 0 }
}

export function testedSeries({ points, limit }: BackTest): readonly Series[] {
  const measured: Series = { key: 'value', label: 'Measured', tone: 'accent', values: points.map(({ value }) => value) }
  if (limit === null) return [measured]
  return [measured, { key: 'limit', label: 'Limit', tone: 'failure', values: points.map(() => limit), quiet: true }]
}
