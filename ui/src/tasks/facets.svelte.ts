/**
 * How many tasks match, and how many in each state. Counts come late, after the rows, and
 * again a few seconds after something changed.
 */

import { api } from '../api/client'
import { isAbandoned } from '../api/transport'
import type { Chip, Count } from '../api/types'
import { chosenStates, stateChip, withoutState } from '../query/edit'
import { inStates, whole } from './counts'

const AGAIN_MS = 4000

export class Facets {
  /** How many match the search; null until counted. */
  total: Count | null = $state.raw(null)
  /** How many match in each state, whatever states the search asks for. */
  byState: Count | null = $state.raw(null)
  private q = ''
  private tz = ''
  private chips: readonly Chip[] = []
  private abort = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined
  private touched = false

  show(q: string, tz: string, chips: readonly Chip[]): void {
    if (q !== this.q || tz !== this.tz) this.total = null
    this.q = q
    this.tz = tz
    this.chips = chips
    void this.count()
  }

  /** Something changed: count again, soon. */
  touch(): void {
    this.touched = true
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      if (this.touched && !document.hidden) void this.count()
    }, AGAIN_MS)
  }

  wake(): void {
    if (this.touched) this.touch()
  }

  rest(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.abort.abort()
  }

  private async count(): Promise<void> {
    this.touched = false
    this.abort.abort()
    this.abort = new AbortController()
    const { signal } = this.abort
    const narrowed = stateChip(this.chips) !== null
    try {
      const byState = whole(await api.count(withoutState(this.q, this.chips), this.tz, 'state', signal))
      this.total = narrowed
        ? (inStates(byState, chosenStates(this.chips)) ?? (await api.count(this.q, this.tz, null, signal)))
        : byState
      this.byState = byState
    } catch (error) {
      // Counts are a courtesy: what is known stays, and the rows tell what is wrong.
      if (!isAbandoned(error)) this.touched = true
    }
  }
}
