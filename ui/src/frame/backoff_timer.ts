/** A timer that tries again what failed because the server was away, later each time. */

import type { Problem } from '../api/problem'
import { backoff } from './backoff'

export class BackoffTimer {
  private tries = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly again: () => void) {}

  /** It failed so: try again soon, if trying again can help. */
  failed(problem: Problem): void {
    this.stop()
    if (!problem.canPass) return
    this.timer = setTimeout(this.again, backoff(this.tries++, Math.random()) * 1000)
  }

  succeeded(): void {
    this.stop()
    this.tries = 0
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
