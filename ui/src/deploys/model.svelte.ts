/** The deploys of a page's time, for the marks on its charts. */

import { deploys } from '../api/deploys'
import { ranged, type Answered } from '../charts/model.svelte'
import type { DeployList } from '../api/schema'
import type { Resource } from '../frame/resource.svelte'
import type { ChartMark } from '../parts/chart_marks'
import type { Range } from '../time/range'
import { chartMark } from './marks'

/** Deploys are few and seldom: they are asked for no more often, seconds. */
const PAUSE_S = 20

export class DeployMarks {
  readonly resource: Resource<Answered<DeployList>>

  constructor(range: () => Range) {
    this.resource = ranged(range, () => 'deploys', (span, signal) => deploys.list({ after: span.from, before: span.to }, signal), () => PAUSE_S)
  }

  /** None while they are not known: charts do without. */
  get marks(): readonly ChartMark[] {
    return (this.resource.answer?.answer.items ?? []).map(chartMark)
  }
}
