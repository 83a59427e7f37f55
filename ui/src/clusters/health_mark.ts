/** By which mark one sees how a cluster is. */

import type { HealthSummary } from '../api/schema'
import { SEVERITIES } from '../overview/findings'

export interface HealthMark {
  icon: 'failure' | 'alert' | 'help' | 'success'
  word: string
  tone: 'critical' | 'warning' | 'notice' | 'well' | 'unknown'
}

export function markOf({ severity, well }: Pick<HealthSummary, 'severity' | 'well'>): HealthMark {
  if (severity !== null) return { ...SEVERITIES[severity], tone: severity }
  return well ? { icon: 'success', word: 'Well', tone: 'well' } : { icon: 'help', word: 'Not known', tone: 'unknown' }
}

/** What the header says of other clusters than `here` in which something is critical; empty where
 * there is none. */
export function criticalElsewhere(
  clusters: readonly { name: string; label: string; health: Pick<HealthSummary, 'severity'> }[],
  here: string,
): string {
  const critical = clusters.filter(({ name, health }) => name !== here && health.severity === 'critical')
  return critical.length === 0 ? '' : `Critical in ${critical.map(({ label }) => label).join(', ')}`
}
