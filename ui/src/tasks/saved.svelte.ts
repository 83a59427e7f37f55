/** The saved searches of this cluster that this person sees: on the Tasks page and in the palette. */

import type { ListedSearch } from '../api/schema'
import { searches, type SearchToKeep } from '../api/searches'
import { isSame, type Search } from './search'

class SavedSearches {
  /** One's own, then those that others share. */
  items: ListedSearch[] = $state.raw([])

  /** Ask for them; when that fails, those that were known stay. */
  async load(signal?: AbortSignal): Promise<void> {
    const items = await searches.list(signal).catch(() => null)
    if (items !== null) this.items = items
  }

  /** The one that searches for just this. */
  find(search: Search): ListedSearch | null {
    return this.items.find((one) => isSame(one, search)) ?? null
  }

  async save(kept: SearchToKeep): Promise<ListedSearch> {
    return this.placed(await searches.save(kept))
  }

  async change(id: string, changes: Partial<SearchToKeep>): Promise<ListedSearch> {
    return this.placed(await searches.change(id, changes))
  }

  async remove(id: string): Promise<void> {
    await searches.remove(id)
    this.items = this.items.filter((one) => one.id !== id)
  }

  /** In its place among the others, as the server lists them. */
  private placed(kept: ListedSearch): ListedSearch {
    const items = [...this.items.filter(({ id }) => id !== kept.id), kept]
    this.items = items.sort((one, other) => Number(other.mine) - Number(one.mine) || (one.name < other.name ? -1 : 1))
    return kept
  }
}

export const saved = new SavedSearches()
