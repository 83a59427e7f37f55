/** Rows of several clusters: one id may be in two of them, so a row is told by both. */

import type { Chip, ClusterTaskRow } from '../api/types'
import { removeChip } from '../query/edit'

type Keyed = Pick<ClusterTaskRow, 'cluster' | 'uuid'>

export function keyOf({ cluster, uuid }: Keyed): string {
  return `${cluster}/${uuid}`
}

/** The rows with those of the next page, each once. */
export function merged<T extends Keyed>(rows: readonly T[], more: readonly T[]): T[] {
  const shown = new Set(rows.map(keyOf))
  return [...rows, ...more.filter((row) => !shown.has(keyOf(row)))]
}

/** How many rows of the first page, as it is now, are not shown. */
export function newKeys(rows: readonly Keyed[], first: readonly Keyed[]): number {
  const shown = new Set(rows.map(keyOf))
  return first.filter((row) => !shown.has(keyOf(row))).length
}

/** The clusters that the chips of a search choose by their whole names; null: all. */
export function chosenClusters(chips: readonly Chip[]): readonly string[] | null {
  const chip = chips.find((one) => one.field === 'cluster' && !one.negated)
  return chip === undefined ? null : valuesOf(chip)
}

/** The search of one cluster more, or less when it is chosen. */
export function toggleCluster(q: string, chips: readonly Chip[], name: string): string {
  const chip = chips.find((one) => one.field === 'cluster' && !one.negated)
  const chosen = chip === undefined ? [] : valuesOf(chip)
  const values = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]
  const rest = chip === undefined ? q.trim() : removeChip(q, chip)
  const term = values.length === 0 ? '' : `cluster:${values.join(',')}`
  return `${term} ${rest}`.trim()
}

function valuesOf(chip: Chip): string[] {
  return chip.text
    .slice(chip.text.indexOf(':') + 1)
    .split(',')
    .map((value) => value.trim().replace(/^"(.*)"$/, '$1'))
    .filter((value) => value !== '')
}
