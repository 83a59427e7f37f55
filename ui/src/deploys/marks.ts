/** Deploys as marks on charts. */

import type { DeployMark } from '../api/schema'
import type { ChartMark } from '../parts/chart_marks'

export function chartMark({ id, at, until, title, changes, version, celery }: DeployMark): ChartMark {
  return { id, at, until, title, flag: version ?? celery ?? '', details: changes }
}
