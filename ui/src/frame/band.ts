/**
 * What the band under the header says: the troubles of the status, as lines. Grave ones stay
 * while they last; what is over can be put away, and comes back when it is another one.
 */

import type { Live, Trouble } from '../api/types'

export interface Line {
  /** The same trouble has the same key as long as it lasts. */
  key: string
  trouble: Trouble
  dismissible: boolean
}

const GRAVEST: readonly Trouble['severity'][] = ['error', 'warning', 'notice']

/** What to say of these troubles, the gravest first; `dismissed` are keys that were put away. */
export function band(troubles: readonly Trouble[], dismissed: ReadonlySet<string>): Line[] {
  return troubles
    // The dot says how far behind, and a moment's lag is none of a person's business.
    .filter((trouble) => trouble.kind !== 'behind')
    .map((trouble) => ({ key: keyOf(trouble), trouble, dismissible: trouble.severity === 'notice' }))
    .filter((line) => !(line.dismissible && dismissed.has(line.key)))
    .toSorted((one, other) => GRAVEST.indexOf(one.trouble.severity) - GRAVEST.indexOf(other.trouble.severity))
}

function keyOf(trouble: Trouble): string {
  // A gap that grew, or one more of them, is news; a count that grows is not.
  return `${trouble.kind} ${trouble.since === null ? '' : Math.round(trouble.since)}`
}

/** How live the page is when the server does not answer, which last did at `since`. */
export function lost(since: number | null): Live {
  const sentence = 'Umbel does not answer.'
  const remedy = 'What you see is from before; trying again. Check that `umbel serve` runs.'
  return {
    state: 'blind',
    lag_s: null,
    sentence: `${sentence} ${remedy}`,
    troubles: [
      {
        kind: 'lost',
        severity: 'error',
        sentence,
        remedy,
        since,
        count: null,
        workers: [],
        action: null,
      },
    ],
  }
}
