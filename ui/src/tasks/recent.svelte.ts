/** The recent searches of who looks, and when one becomes recent. */

import { clusterName } from '../frame/cluster'
import { me } from '../frame/me.svelte'
import { keepRecent, readRecent, recentKey, STAY_MS, withoutRecent, withRecent } from './recent'
import type { Search } from './search'

export class RecentSearches {
  items: Search[] = $state.raw([])
  private timer: ReturnType<typeof setTimeout> | undefined

  /** Other windows may have added some. */
  load(): void {
    this.items = readRecent(this.key)
  }

  /** This one is shown now; whoever stays at it meant it, unless it `isWrong`. */
  shown(search: Search, isWrong: () => boolean): void {
    this.leave()
    this.timer = setTimeout(() => {
      if (!isWrong()) this.keep(withRecent(readRecent(this.key), search))
    }, STAY_MS)
  }

  leave(): void {
    clearTimeout(this.timer)
  }

  forget(search: Search): void {
    this.keep(withoutRecent(readRecent(this.key), search))
  }

  private keep(items: Search[]): void {
    this.items = items
    keepRecent(this.key, items)
  }

  private get key(): string {
    return recentKey(clusterName, me.person?.name ?? '')
  }
}
