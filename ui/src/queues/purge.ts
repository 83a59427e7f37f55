/** The words of emptying a queue. */

import { formatNumber } from '../format/number'

/** What the button says, or null when there is nothing to remove. `ready` null is unknown. */
export function purgeLabel(ready: number | null): string | null {
  if (ready === 0) return null
  return ready === null ? 'Purge' : `Purge ${formatNumber(ready)}`
}
