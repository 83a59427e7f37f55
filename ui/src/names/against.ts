/** Which time names are compared with: its place in the address, and sentences about it. */

import type { NameList, NamesAgainst } from '../api/schema'
import { formatSince, type Zone } from '../format/time'
import { searchOf } from '../frame/address'
import { between, type Range } from '../time/range'

export const COMPARISONS: readonly { against: NamesAgainst; title: string }[] = [
  { against: 'before', title: 'the time before' },
  { against: 'yesterday', title: 'the same time yesterday' },
  { against: 'last-week', title: 'the same time a week ago' },
  { against: 'last-deploy', title: 'before the last deploy' },
]

const USUAL: NamesAgainst = 'before'

export function readAgainst(parameters: string): NamesAgainst {
  const read = new URLSearchParams(parameters).get('against')
  return COMPARISONS.find((one) => one.against === read)?.against ?? USUAL
}

/** The address's parameters with this in place of theirs. */
export function writeAgainst(parameters: string, against: NamesAgainst): string {
  const written = new URLSearchParams(parameters)
  written.delete('against')
  if (against !== USUAL) written.set('against', against)
  return searchOf(written)
}

/** The time that the numbers are of: a deploy within the range divides it. */
export function rangeOfNumbers({ since, earlier }: Pick<NameList, 'since' | 'earlier'>, range: Range): Range {
  const deploy = earlier?.deploy ?? null
  if (deploy === null || since > deploy.at) return range
  return between(since, range.kind === 'between' ? range.to : null)
}

/** What the numbers are compared with, or why they are not; empty where nobody need be told. */
export function comparedSentence({ since, against, earlier, uncompared }: Pick<NameList, 'since' | 'against' | 'earlier' | 'uncompared'>, now: number, zone: Zone): string {
  if (earlier === null) return against === USUAL ? '' : `There is nothing to compare with. ${uncompared}`
  const holes = earlier.incomplete === null ? '' : ' Events of that time may be missing.'
  if (earlier.deploy === null) return holes === '' ? '' : `Compared with ${titleOf(against)}.${holes}`
  const { at, title } = earlier.deploy
  const deploy = `${title} (${formatSince(at, now, zone)})`
  return `${since <= at ? `Since ${deploy}, compared with as long a time before it.` : `Compared with as long a time before ${deploy}.`}${holes}`
}

function titleOf(against: NamesAgainst): string {
  return COMPARISONS.find((one) => one.against === against)?.title ?? against
}
