/** Words about a login that no rule lets in. */

import type { Refused } from '../api/people_types'
import { plural } from '../format/number'
import { claimText } from '../people/claims'

/** Why they are not let in: the rule that says so, or that none fits. */
export function whyRefused({ because, rules }: Pick<Refused, 'because' | 'rules'>): string {
  if (because !== '') return `Here ${because}. That rule lets you not in.`
  if (rules === 0) return 'There are no rules yet, so nobody from there gets in.'
  return rules === 1 ? 'The only rule does not match what came.' : `None of ${plural(rules, 'rule')} matches what came.`
}

/** The name that they have at the provider: in Umbel the provider's stands before it. */
export function nameThere({ name, provider }: Pick<Refused, 'name' | 'provider'>): string {
  return name.startsWith(`${provider}:`) ? name.slice(provider.length + 1) : name
}

/** What an admin needs to know to write a rule. */
export function letterOf(refused: Refused, label: string, server: string): string {
  const lines = [
    `I would like to use Umbel at ${server}.`,
    `${label} (provider "${refused.provider}") says that I am ${nameThere(refused)}. ${whyRefused(refused)}`,
    ...refused.notes,
    'These claims came:',
    claimText(refused.claims),
  ]
  return `${lines.join('\n')}\n`
}
