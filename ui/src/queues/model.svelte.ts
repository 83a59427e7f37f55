/** The queues as they are now, asked for while a page shows them. */

import { control } from '../api/control'
import type { Queues } from '../api/control-types'
import { Problem } from '../api/problem'
import { isAbandoned } from '../api/transport'

const AGAIN_MS = 3000

export class QueuesModel {
  answer: Queues | null = $state.raw(null)
  problem: Problem | null = $state.raw(null)
  private readonly abort = new AbortController()

  /** Ask, again and again, until the function that is given back is called. */
  start(): () => void {
    void this.load()
    const timer = setInterval(() => {
      if (!document.hidden) void this.load()
    }, AGAIN_MS)
    return () => {
      clearInterval(timer)
      this.abort.abort()
    }
  }

  async load(): Promise<void> {
    try {
      this.answer = await control.queues(this.abort.signal)
      this.problem = null
    } catch (error) {
      if (isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
    }
  }
}
