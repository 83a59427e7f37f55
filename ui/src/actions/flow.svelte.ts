/**
 * One action from its plan to its report.
 *
 * A plan is executed once, however often one clicks: what is under way is not begun again,
 * and the server refuses a second execution. When an answer is lost it is asked what became
 * of the action, rather than guessed.
 */

import { control } from '../api/control'
import type { ActionPlan, ActionReport, ActionRequest } from '../api/control-types'
import { Problem } from '../api/problem'
import { backoff } from '../frame/backoff'
import { reasonOf } from './values'

/** How often a running action is asked how it goes. */
const AGAIN_MS = 400

export type Phase = 'none' | 'planning' | 'planned' | 'starting' | 'running' | 'ended'

export class ActionFlow {
  phase: Phase = $state('none')
  plan: ActionPlan | null = $state.raw(null)
  report: ActionReport | null = $state.raw(null)
  problem: Problem | null = $state.raw(null)
  /** Somebody asked to stop it. */
  stopping = $state(false)
  /** Answers to an older question say nothing any more. */
  private turn = 0

  async prepare(request: ActionRequest): Promise<void> {
    const turn = this.begin('planning')
    this.plan = null
    try {
      const plan = await control.plan(request)
      if (turn !== this.turn) return
      this.plan = plan
      this.phase = 'planned'
    } catch (error) {
      if (turn !== this.turn) return
      this.phase = 'none'
      this.fail(error)
    }
  }

  async execute(confirm: number | null, reason: string): Promise<void> {
    const { plan } = this
    if (plan === null || this.phase !== 'planned') return
    const turn = this.begin('starting')
    try {
      await this.hear(turn, await control.execute(plan.id, { confirm, ...reasonOf(reason) }))
    } catch (error) {
      if (turn !== this.turn) return
      this.fail(error)
      if (error instanceof Problem && error.canPass) await this.findOut(turn, plan.id)
      else this.phase = 'planned'
    }
  }

  async cancel(): Promise<void> {
    if (this.plan === null || this.phase !== 'running' || this.stopping) return
    this.stopping = true
    try {
      this.report = await control.cancel(this.plan.id)
    } catch (error) {
      this.stopping = false
      this.fail(error)
    }
  }

  /** Back to before there was a plan. */
  reset(): void {
    this.begin('none')
    this.plan = null
    this.report = null
  }

  private begin(phase: Phase): number {
    this.phase = phase
    this.problem = null
    this.stopping = false
    return ++this.turn
  }

  /** The answer was lost: look whether it began. */
  private async findOut(turn: number, id: string): Promise<void> {
    try {
      const { report } = await control.action(id)
      if (turn !== this.turn) return
      if (report.state === 'planned') this.phase = 'planned'
      else {
        this.problem = null
        await this.hear(turn, report)
      }
    } catch {
      if (turn === this.turn) this.phase = 'planned'
    }
  }

  /** Follow what runs until it has ended. */
  private async hear(turn: number, first: ActionReport): Promise<void> {
    let report = first
    let failures = 0
    while (turn === this.turn) {
      this.report = report
      this.phase = report.state === 'running' || report.state === 'planned' ? 'running' : 'ended'
      if (this.phase === 'ended') return
      await new Promise((done) => setTimeout(done, AGAIN_MS + (failures > 0 ? backoff(failures, 0) * 1000 : 0)))
      if (turn !== this.turn) return
      try {
        report = (await control.action(report.id)).report
        this.problem = failures > 0 ? null : this.problem
        failures = 0
      } catch (error) {
        failures++
        if (turn === this.turn) this.fail(error)
      }
    }
  }

  private fail(error: unknown): void {
    if (!(error instanceof Problem)) throw error
    this.problem = error
  }
}
