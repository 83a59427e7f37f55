/** The range of time of the page that is shown: see `range.ts`. */

import { router } from '../frame/router.svelte'
import { readRange, withRange, type Range } from './range'

export class PageRange {
  constructor(
    /** What the address means when it says nothing. */
    readonly usual: Range,
  ) {}

  readonly range: Range = $derived.by(() => readRange(router.search, this.usual))

  /** Show another span: a new entry of the history, so that Back goes back to this one. */
  choose(range: Range): void {
    const path = router.path.startsWith(router.base) ? router.path.slice(router.base.length) : router.path
    const parameters = withRange(router.search, range, this.usual)
    if (parameters !== router.search) router.go(path + parameters)
  }
}
