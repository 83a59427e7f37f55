/**
 * Workflows after the first page; they stay as they were when they were asked for.
 *
 * The server looks at workflows for a moment and gives what it found by then. After thousands of
 * tasks were sent again, each of which it looks at and leaves out, that may be none: so it is asked
 * to go on from there until some come, there are no more, or `TURNS` are over.
 */

import type { WorkflowList, WorkflowRow } from '../api/schema'

const TURNS = 20

export class OlderWorkflows {
  rows: readonly WorkflowRow[] = $state.raw([])
  fetching = $state(false)
  /** How many were looked at. */
  lookedAt = $state(0)
  /** Where the next page begins; null: none was asked for, so after the first, or there is none. */
  private next: string | null = $state.raw(null)
  private began = $state(false)
  private turn = 0

  constructor(private readonly ask: (cursor: string) => Promise<WorkflowList>) {}

  /** Where to go on, given where the first page ended. */
  cursorAfter(first: string | null): string | null {
    return this.began ? this.next : first
  }

  /** Another search: forget all. */
  clear(): void {
    this.turn++
    this.rows = []
    this.lookedAt = 0
    this.next = null
    this.began = this.fetching = false
  }

  /** From where the first page ended, or where this was. What is on the first page now is kept, for
   * when newer ones push it off there. Raises `Problem`; what came before it is kept. */
  async load(first: string | null, shown: readonly WorkflowRow[] = []): Promise<void> {
    const turn = ++this.turn
    this.fetching = true
    try {
      for (let count = 0; count < TURNS; count++) {
        const cursor = this.cursorAfter(first)
        if (cursor === null) return
        const page = await this.ask(cursor)
        if (turn !== this.turn) return
        this.rows = [...(this.began ? this.rows : shown), ...page.items]
        this.began = true
        this.next = page.next
        this.lookedAt += page.looked_at
        if (page.items.length > 0) return
      }
    } finally {
      if (turn === this.turn) this.fetching = false
    }
  }
}
