/** Saved searches, as this person sees them. */

import { pathPart } from '../format/path_part'
import type { ListedSearch, SearchList } from './schema'
import { get, post } from './transport'

export interface SearchToKeep {
  name: string
  q: string
  order: string
  tz: string
  /** Everybody sees it. */
  shared: boolean
}

const at = (id: string, what: string): string => `searches/${pathPart(id)}/${what}`

export const searches = {
  list: async (signal?: AbortSignal) => (await get<SearchList>('searches', {}, signal)).items,
  save: (kept: SearchToKeep) => post<ListedSearch>('searches', kept),
  change: (id: string, changes: Partial<SearchToKeep>) => post<ListedSearch>(at(id, 'change'), changes),
  remove: (id: string) => post<ListedSearch>(at(id, 'delete'), {}),
}
