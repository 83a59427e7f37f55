/** What the page of names is asked for, as its address says it; the time range stands beside it. */

import type { NamesAgainst, NamesSort } from '../api/schema'
import { searchOf } from '../frame/address'
import { readAgainst, writeAgainst } from './against'
import { ORDERS } from './numbers'

export interface NamesSearch {
  sort: NamesSort
  /** Only names with this in them. */
  contains: string
  against: NamesAgainst
}

const USUAL: NamesSort = 'busiest'

export function readNames(parameters: string): NamesSearch {
  const read = new URLSearchParams(parameters)
  const sort = [...ORDERS.map((order) => order.sort), 'name' as const].find((one) => one === read.get('sort'))
  return { sort: sort ?? USUAL, contains: read.get('find') ?? '', against: readAgainst(parameters) }
}

/** The address's parameters with this search in place of theirs. */
export function writeNames(parameters: string, { sort, contains, against }: NamesSearch): string {
  const written = new URLSearchParams(parameters)
  written.delete('sort')
  written.delete('find')
  if (sort !== USUAL) written.set('sort', sort)
  if (contains !== '') written.set('find', contains)
  return writeAgainst(searchOf(written), against)
}
