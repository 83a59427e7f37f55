/** In what clusters differ, by the address and in words. */

import type { Difference } from '../api/schema'
import { valueWords } from '../workers/diff'

/** The names of the clusters that an address chooses; none: all. */
export function chosenOf(search: string): string[] {
  return (new URLSearchParams(search).get('clusters') ?? '').split(',').filter((name) => name !== '')
}

/** The choice with one cluster more or less; none is all of them, and two at least are compared. */
export function toggled(chosen: readonly string[], all: readonly string[], name: string): string[] {
  const before = chosen.length === 0 ? all : chosen
  const after = all.filter((one) => (one === name ? !before.includes(name) : before.includes(one)))
  if (after.length < 2) return [...chosen]
  return after.length === all.length ? [] : after
}

/** What a cluster has of a difference, in words, and whether that is nothing. */
export function valueIn({ kind, values }: Pick<Difference, 'kind' | 'values'>, cluster: string): { text: string; isAbsent: boolean } {
  const found = values.find(({ workers }) => workers.includes(cluster)) ?? { value: null }
  return { text: valueWords(kind, found), isAbsent: found.value === null }
}
