/**
 * Asks again for rows whose change was told without the row: one request at a time, and
 * never more than one a second, however much changes.
 */

import type { TaskPage, TaskRow } from '../api/types'

/** The most ids that the server takes at once. */
const MOST_IDS = 200
const PAUSE_MS = 1000

export class Refresher {
  private wanted = new Set<string>()
  private busy = false
  private awake = true

  constructor(
    private readonly fetchRows: (ids: string[]) => Promise<TaskPage>,
    private readonly give: (rows: readonly TaskRow[]) => void,
    private readonly pauseMs = PAUSE_MS,
  ) {}

  ask(ids: readonly string[]): void {
    this.awake = true
    for (const id of ids) this.wanted.add(id)
    void this.work()
  }

  /** Forget what was wanted: nobody looks any more. */
  rest(): void {
    this.awake = false
    this.wanted.clear()
  }

  private async work(): Promise<void> {
    if (this.busy) return
    this.busy = true
    while (this.wanted.size > 0) {
      const ids = [...this.wanted].slice(0, MOST_IDS)
      for (const id of ids) this.wanted.delete(id)
      try {
        const page = await this.fetchRows(ids)
        if (this.awake) this.give(page.items)
      } catch {
        // The stream tells when the server is away, and asks anew when it is back.
        this.wanted.clear()
      }
      await new Promise((done) => setTimeout(done, this.pauseMs))
    }
    this.busy = false
  }
}
