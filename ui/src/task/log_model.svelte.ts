/** The log of one task, read on each time that the task changes. */

import { api } from '../api/client'
import { Problem } from '../api/problem'
import { isAbandoned } from '../api/transport'
import { joined, type Run } from './log'

export class LogModel {
  runs: Run[] = $state.raw([])
  /** Whether workers send log lines at all; null until the server said it. */
  areSent: boolean | null = $state(null)
  problem: Problem | null = $state.raw(null)
  private readonly abort = new AbortController()
  private next = ''
  private isReading = false
  private isWanted = false

  constructor(readonly id: string) {}

  /** Read what there is more, again if that is asked for meanwhile. */
  async read(): Promise<void> {
    this.isWanted = true
    if (this.isReading) return
    this.isReading = true
    try {
      while (this.isWanted) {
        this.isWanted = false
        await this.readOn()
      }
      this.problem = null
    } catch (error) {
      if (isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
    } finally {
      this.isReading = false
    }
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const answer = await api.taskLog(this.id, this.next, this.abort.signal)
      this.runs = joined(this.runs, answer)
      this.areSent = answer.are_sent
      this.next = answer.next
      if (answer.complete) return
    }
  }

  stop(): void {
    this.abort.abort()
  }
}
