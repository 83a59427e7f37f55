/** What the page of names is asked for, as its address says it; the time range stands beside it. */

import type { NamesSort } from '../api/schema'
import { searchOf } from '../frame/address'
import { ORDERS } from './numbers'

export interface NamesSearch {
  sort: NamesSort
  /** Only names with this in them. */
  contains: string
}

const USUAL: NamesSort = 'busiest'

export function readNames(parameters: string): NamesSearch {
  const read = new URLSearchParams(parameters)
  const sort = [...ORDERS.map((order) => order.sort), 'name' as const].find((one) => one === read.get('sort'))
  return { sort: sort ?? USUAL, contains: read.get('find') ?? '' }
}

/** The address's parameters with this search in place of theirs. */
export function writeNames(parameters: string, { sort, contains }: NamesSearch): string {
  const written = new URLSearchParams(parameters)
  written.delete('sort')
  written.delete('find')
  if (sort !== USUAL) written.set('sort', sort)
  if (contains !== '') written.set('find', contains)
  return searchOf(written)
}
