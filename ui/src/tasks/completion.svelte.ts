/**
 * What the search box offers: while someone types, what the server is asked for (the newest question
 * wins); while it is empty, searches to begin with as well, which stand before that.
 */

import { api } from '../api/client'
import type { Suggestion } from '../api/types'
import type { Start } from './starts'

const LIMIT = 10
const PAUSE_MS = 80

export class Completion {
  items: Suggestion[] = $state.raw([])
  /** The suggestion that Enter takes; -1: none. */
  active = $state(-1)
  /** Where in the text someone types. */
  caret = $state(0)
  /** For which text, and where in it, `items` are offered. */
  answered = { text: '', caret: 0 }
  private beginning = $state(false)
  /** Whole searches to begin with. */
  readonly starts: readonly Start[] = $derived.by(() => (this.beginning ? this.begin() : []))
  readonly open = $derived(this.items.length + this.starts.length > 0)
  /** What Enter takes, if arrows chose something. */
  readonly start: Start | null = $derived(this.starts[this.active] ?? null)
  readonly item: Suggestion | null = $derived(this.items[this.active - this.starts.length] ?? null)
  private abort = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    /** What the empty box offers. */
    private readonly begin: () => readonly Start[],
    private readonly suggest: typeof api.suggest = api.suggest,
  ) {}

  /** Ask what could stand at the caret. */
  ask(text: string, caret: number): void {
    this.forget()
    this.beginning = text === ''
    if (this.beginning) this.active = -1
    this.caret = caret
    const { signal } = this.abort
    this.timer = setTimeout(async () => {
      // Suggestions are a courtesy: without an answer there are none.
      const items = await this.suggest(text, caret, LIMIT, signal).catch(() => [])
      if (signal.aborted) return
      this.answered = { text, caret }
      this.items = items
      if (!this.beginning) this.active = -1
    }, PAUSE_MS)
  }

  close(): void {
    this.forget()
    this.items = []
    this.beginning = false
    this.active = -1
  }

  move(step: 1 | -1): void {
    const positions = this.starts.length + this.items.length + 1
    this.active = ((this.active + 1 + step + positions) % positions) - 1
  }

  private forget(): void {
    clearTimeout(this.timer)
    this.abort.abort()
    this.abort = new AbortController()
  }
}
