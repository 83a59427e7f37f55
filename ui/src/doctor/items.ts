/** What the doctor's checks say, grouped for the page. */

import type { DoctorItem } from '../api/schema'
import { plural } from '../format/number'

export const VERDICTS = {
  fault: { icon: 'failure', word: 'Fault' },
  advice: { icon: 'alert', word: 'Advice' },
  unknown: { icon: 'help', word: 'Not known' },
  well: { icon: 'success', word: 'Well' },
} as const

export interface Grouped {
  /** What is to be done, the worst first. */
  open: DoctorItem[]
  muted: DoctorItem[]
  well: DoctorItem[]
}

export function grouped(items: readonly DoctorItem[]): Grouped {
  const well = items.filter(({ verdict }) => verdict === 'well')
  const rest = items.filter(({ verdict }) => verdict !== 'well')
  return { open: rest.filter(({ muted }) => muted === null), muted: rest.filter(({ muted }) => muted !== null), well }
}

/** The items with a newer one in the place of that check. */
export function replaced(items: readonly DoctorItem[], newer: DoctorItem): DoctorItem[] {
  return items.map((item) => (item.id === newer.id ? newer : item))
}

/** "1 fault, 3 pieces of advice, 1 could not be looked at" */
export function summary({ open }: Grouped): string {
  const count = (verdict: DoctorItem['verdict']): number => open.filter((item) => item.verdict === verdict).length
  const [faults, advice, unknown] = [count('fault'), count('advice'), count('unknown')]
  const parts = [
    faults > 0 ? plural(faults, 'fault') : '',
    advice > 0 ? plural(advice, 'piece of advice', 'pieces of advice') : '',
    unknown > 0 ? `${unknown} could not be looked at` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Everything that was looked at is as it should be.' : `${parts.join(', ')}.`
}
