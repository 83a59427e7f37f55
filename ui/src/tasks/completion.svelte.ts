/** What the search box offers while someone types: asked of the server, newest question wins. */

import { api } from '../api/client'
import type { Suggestion } from '../api/types'

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
  readonly open = $derived(this.items.length > 0)
  private abort = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  /** Ask what could stand at the caret. */
  ask(text: string, caret: number): void {
    this.forget()
    this.caret = caret
    const { signal } = this.abort
    this.timer = setTimeout(async () => {
      // Suggestions are a courtesy: without an answer there are none.
      const items = await api.suggest(text, caret, LIMIT, signal).catch(() => [])
      if (signal.aborted) return
      this.answered = { text, caret }
      this.items = items
      this.active = -1
    }, PAUSE_MS)
  }

  close(): void {
    this.forget()
    this.items = []
    this.active = -1
  }

  move(step: 1 | -1): void {
    const positions = this.items.length + 1
    this.active = ((this.active + 1 + step + positions) % positions) - 1
  }

  private forget(): void {
    clearTimeout(this.timer)
    this.abort.abort()
    this.abort = new AbortController()
  }
}
