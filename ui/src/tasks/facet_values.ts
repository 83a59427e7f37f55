/** The values that tasks have of a field, with how many have it: what a click narrows to, or leaves out. */

import type { CountBy } from '../api/schema'
import type { Chip, Count } from '../api/types'
import { formatNumber } from '../format/number'
import { addable, removeChip, splice, term } from '../query/edit'

export type FacetField = Exclude<CountBy, 'state'>
export const FACETS: readonly { field: FacetField; title: string }[] = [
  { field: 'name', title: 'Task' },
  { field: 'error', title: 'Error' },
  { field: 'worker', title: 'Worker' },
  { field: 'queue', title: 'Queue' },
]

export interface FacetValue {
  value: string
  label: string
  count: number
  /** Of the most frequent one, from 0 to 1. */
  share: number
  chosen: boolean
}

/** The term that means exactly this value. An error's begins with its id, which says all. */
export function facetTerm(field: FacetField, value: string): string {
  if (field === 'error') return term(field, errorId(value))
  const bare = term(field, value)
  return field === 'queue' ? bare : bare.replace(':', ':=')
}

function errorId(value: string): string {
  const space = value.indexOf(' ')
  return space < 0 ? value : value.slice(0, space)
}

/** The chip that says which values of the field are asked for, if one does. */
export function facetChip(chips: readonly Chip[], field: FacetField): Chip | null {
  return chips.find((chip) => chip.field === field && !chip.negated) ?? null
}

/** What is counted: all that match, whatever value of the field is asked for. */
export function withoutFacet(text: string, chips: readonly Chip[], field: FacetField): string {
  const chip = facetChip(chips, field)
  return chip === null ? text : removeChip(text, chip)
}

/** `text` with this value alone, or with any again where it was. */
export function toggleFacet(text: string, chips: readonly Chip[], field: FacetField, value: string): string {
  const chip = facetChip(chips, field)
  const wanted = facetTerm(field, value)
  if (chip === null) return `${addable(text, chips)} ${wanted}`.trim()
  return chip.text === wanted ? removeChip(text, chip) : splice(text, chip, wanted).text
}

/** `text` without the tasks that have this value. */
export function excludeFacet(text: string, chips: readonly Chip[], field: FacetField, value: string): string {
  const unwanted = `-${facetTerm(field, value)}`
  if (chips.some((chip) => chip.text === unwanted)) return text
  const chosen = facetChip(chips, field)
  const rest = chosen?.text === unwanted.slice(1) ? removeChip(text, chosen) : text
  return `${addable(rest, chips)} ${unwanted}`.trim()
}

/** Most frequent first; whoever is asked for stands in it, also when none is. */
export function facetValues(count: Count, chips: readonly Chip[], field: FacetField): FacetValue[] {
  const text = facetChip(chips, field)?.text
  const found = Object.entries(count.groups).sort(([, one], [, other]) => other - one)
  const most = found[0]?.[1] ?? 1
  return found.map(([value, number]) => ({
    value,
    label: field === 'error' ? value.slice(errorId(value).length).trim() || value : value,
    count: number,
    share: number / most,
    chosen: text === facetTerm(field, value),
  }))
}

/** "of the newest 10,001": what the numbers are of, where that is not all; else nothing. */
export function countedNote(count: Count): string {
  if (count.groups_complete) return ''
  if (Object.keys(count.groups).length === 0) return 'not counted in time'
  const counted = Object.values(count.groups).reduce((sum, each) => sum + each, 0)
  return `of the newest ${formatNumber(counted)} that have one`
}
