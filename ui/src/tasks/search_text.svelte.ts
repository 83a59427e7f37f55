/**
 * The text of the search box, and how it becomes the address.
 *
 * Typing makes one entry of the history, in which more typing goes on; a click on a state or a
 * token makes an entry of its own, so that Back takes back the click and not the typing.
 */

import type { Chip, State } from '../api/types'
import { zoneName } from '../format/time'
import { preferences } from '../frame/preferences.svelte'
import { router } from '../frame/router.svelte'
import { removeChip, toggleState } from '../query/edit'
import type { TasksModel } from './model.svelte'
import { isSame, lastOf, type Range } from '../time/range'
import { readSearch, writeSearch, zoneFor, type Search } from './search'
import { rangeOf, withinRange } from './time_term'

const TYPING_MS = 250

export class SearchText {
  text = $state('')
  /** The search of the address. */
  readonly search: Search = $derived(readSearch(router.search, zoneName(preferences.zone)))
  private timer: ReturnType<typeof setTimeout> | undefined
  /** The shown entry of the history came from typing. */
  private inTyping = false

  constructor(
    private readonly model: TasksModel,
    /** Whether the word that is typed is unfinished, so that no search is made of it. */
    private readonly isWriting: () => boolean,
  ) {}

  /** Another search is shown than was typed: after Back, or from a link. */
  follow(shown: Search): void {
    if (this.text.trim() !== shown.q.trim()) this.text = shown.q
  }

  type(typed: string): void {
    this.text = typed
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      if (this.isWriting()) return
      this.go(this.text, this.search.order, this.inTyping)
      this.inTyping = true
    }, TYPING_MS)
  }

  /** What was typed is meant: it takes the place of what typing showed on the way. */
  seek(q: string): void {
    this.stop()
    this.text = q
    this.go(q, this.search.order, this.inTyping)
    this.inTyping = false
  }

  /** Another search, by a click or a key. */
  change(q: string): void {
    this.inTyping = false
    this.seek(q)
  }

  /** A search that was kept, with its order and zone. */
  open(kept: Search): void {
    this.stop()
    this.inTyping = false
    this.text = kept.q
    this.visit(writeSearch(kept))
  }

  order(order: string): void {
    this.go(this.text, order)
  }

  remove(chip: Chip): void {
    this.change(removeChip(this.text, chip))
  }

  toggle(state: State): void {
    this.change(toggleState(this.model.search.q, this.model.chips, state))
  }

  /** Of this time alone, by `field` if it is given; null: of all times. */
  within(range: Range | null, field?: string): void {
    this.change(withinRange(this.model.search.q, this.model.chips, range, preferences.zone, field))
  }

  toggleHour(): void {
    const hour = lastOf('1h')
    this.within(isSame(rangeOf(this.model.chips, preferences.zone), hour) ? null : hour)
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private go(q: string, order: string, replace = false): void {
    this.visit(writeSearch({ q, order, tz: zoneFor(q, this.search, zoneName(preferences.zone)) }), replace)
  }

  private visit(to: string, replace = false): void {
    if (to === router.search) {
      if (this.model.problem) void this.model.load()
      return
    }
    router.go(`tasks${to}`, replace)
    router.keepScroll(0)
  }
}
