/** Something that a form sends: whether it is on its way, and why it was refused. */

import { Problem } from '../api/problem'

export class Submission {
  busy = $state(false)
  problem: Problem | null = $state.raw(null)

  /** Do it, unless it is being done; whether that went well. What is no problem of the server's is
   * thrown on. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = null
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
      return false
    } finally {
      this.busy = false
    }
  }

  /** Forget why it was refused. */
  clear(): void {
    this.problem = null
  }
}
