/**
 * One action from its plan to its report.
 *
 * A plan is executed once, however often one clicks: what is under way is not begun again,
 * and the server refuses a second execution. When an answer is lost it is asked what became
 * of the action, rather than guessed. What runs is a `Resource` until it has ended; the steps
 * before are requests that are made once, which no polling may repeat.
 */

import { control } from '../api/control'
import type { ActionPlan, ActionReport, ActionRequest } from '../api/control_types'
import { Problem } from '../api/problem'
import { Resource } from '../frame/resource.svelte'
import { reasonOf } from './values'

/** Seconds between two questions how a running action goes, and after one that failed. */
const AGAIN_S = 0.4
const AFTER_FAILURE_S = 2

type Step = 'none' | 'planning' | 'planned' | 'starting'
export type Phase = Step | 'running' | 'ended'

export class ActionFlow {
  plan: ActionPlan | null = $state.raw(null)
  /** Somebody asked to stop it. */
  stopping = $state(false)
  private step: Step = $state('none')
  private failure: Problem | null = $state.raw(null)
  private readonly progress: Resource<ActionReport> = new Resource(
    async (signal) => (await control.action(this.plan?.id ?? '', signal)).report,
    (report) => (isOver(report) ? null : this.progress.problem ? AFTER_FAILURE_S : AGAIN_S),
  )
  /** Answers to an older question say nothing any more. */
  private turn = 0
  private stop: (() => void) | null = null

  get report(): ActionReport | null {
    return this.progress.answer
  }

  get problem(): Problem | null {
    return this.failure ?? this.progress.problem
  }

  get phase(): Phase {
    return this.report === null ? this.step : isOver(this.report) ? 'ended' : 'running'
  }

  async prepare(request: ActionRequest): Promise<void> {
    const turn = this.begin('planning')
    this.plan = null
    try {
      const plan = await control.plan(request)
      if (turn !== this.turn) return
      this.plan = plan
      this.step = 'planned'
    } catch (error) {
      if (turn !== this.turn) return
      this.step = 'none'
      this.fail(error)
    }
  }

  async execute(confirm: number | null, reason: string): Promise<void> {
    const { plan } = this
    if (plan === null || this.phase !== 'planned') return
    const turn = this.begin('starting')
    try {
      const report = await control.execute(plan.id, { confirm, ...reasonOf(reason) })
      if (turn === this.turn) this.follow(report)
    } catch (error) {
      if (turn !== this.turn) return
      this.fail(error)
      if (error instanceof Problem && error.canPass) await this.findOut(turn, plan.id)
      else this.step = 'planned'
    }
  }

  async cancel(): Promise<void> {
    if (this.plan === null || this.phase !== 'running' || this.stopping) return
    this.stopping = true
    const { turn } = this
    try {
      const report = await control.cancel(this.plan.id)
      if (turn === this.turn) this.follow(report)
    } catch (error) {
      if (turn !== this.turn) return
      this.stopping = false
      this.fail(error)
    }
  }

  /** Back to before there was a plan. */
  reset(): void {
    this.begin('none')
    this.plan = null
  }

  private begin(step: Step): number {
    this.stop?.()
    this.progress.clear()
    this.step = step
    this.failure = null
    this.stopping = false
    return ++this.turn
  }

  /** The answer was lost: look whether it began. */
  private async findOut(turn: number, id: string): Promise<void> {
    try {
      const { report } = await control.action(id)
      if (turn !== this.turn) return
      if (report.state === 'planned') this.step = 'planned'
      else {
        this.failure = null
        this.follow(report)
      }
    } catch {
      if (turn === this.turn) this.step = 'planned'
    }
  }

  /** Ask how it goes until it has ended. */
  private follow(report: ActionReport): void {
    this.stop?.()
    this.stop = this.progress.start(report)
  }

  private fail(error: unknown): void {
    if (!(error instanceof Problem)) throw error
    this.failure = error
  }
}

function isOver(report: ActionReport | null): boolean {
  return report !== null && report.state !== 'running' && report.state !== 'planned'
}
