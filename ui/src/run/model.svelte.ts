/**
 * A task that is written, sent, and waited for.
 *
 * Its id is made here, so that when the answer to the sending is lost, there is a place to
 * look whether it was sent. Waiting asks the result backend in short turns: it can be ended,
 * and the link to the task is there from the first moment.
 */

import {
  argumentsOf,
  FieldMistake,
  fieldOf,
  requiredText,
  numberOf,
  reasonOf,
  DEFAULT_DELIVERY,
  deliveryOf,
  type DeliveryText,
} from '../actions/values'
import { pastArguments, type PastArguments } from '../actions/past_arguments'
import { api } from '../api/client'
import { control } from '../api/control'
import type { Apply, Result } from '../api/control_types'
import { Problem } from '../api/problem'
import { isAbandoned } from '../api/transport'
import { term } from '../query/edit'
import { newId } from './id'

const TURN_S = 5
const ENDED = new Set(['SUCCESS', 'FAILURE', 'REVOKED'])

export class RunModel {
  name = $state('')
  args = $state('')
  kwargs = $state('')
  delivery: DeliveryText = $state({ ...DEFAULT_DELIVERY })
  soft = $state('')
  hard = $state('')
  reason = $state('')
  /** Refuse a name that no worker has registered. */
  check = $state(true)
  wait = $state(true)
  mistake: FieldMistake | null = $state.raw(null)
  problem: Problem | null = $state.raw(null)
  sending = $state(false)
  /** The id of the task that was sent, or may have been. */
  sent: string | null = $state(null)
  /** Whether the sending was confirmed. */
  sure = $state(false)
  waiting = $state(false)
  result: Result | null = $state.raw(null)
  /** Why there is no result to see. */
  resultProblem: Problem | null = $state.raw(null)
  /** The task whose arguments stand in the fields, and how well they are known. */
  begunWith: { id: string; source: PastArguments['source'] } | null = $state.raw(null)
  /** The queue to which tasks of this name went before. */
  usualQueue: string | null = $state(null)
  /** What stood in the field that was refused: the refusal is of that text alone. */
  private refused: string | null = $state(null)
  private abort = new AbortController()

  /** With `unnamed` the server makes the id; then there is no place to look when its answer is lost. */
  async send(zone: 'local' | 'utc', unnamed = false): Promise<void> {
    if (this.sending) return
    const wanted = this.read(zone)
    if (wanted === null) return
    const { task_id, ...anonymous } = wanted
    this.rest()
    this.sending = true
    this.problem = this.resultProblem = this.result = this.sent = null
    try {
      const applied = await control.apply(unnamed ? anonymous : wanted)
      this.sent = applied.task_id
      this.sure = true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
      this.refused = this.textOf(fieldOf(error.parameter))
      if (error.status === 0 && !unnamed) {
        this.sent = task_id
        this.sure = false
      }
    } finally {
      this.sending = false
    }
    if (this.sure && this.sent !== null && this.wait) void this.follow(this.sent)
  }

  /** Begin with the arguments of a task that ran, unless others were typed meanwhile. */
  async beginWith(id: string): Promise<void> {
    const task = await api.task(id).catch(() => null)
    if (task === null) return
    const { source, args, kwargs } = await pastArguments(task)
    if (this.args !== '' || this.kwargs !== '') return
    this.args = args
    this.kwargs = kwargs
    this.begunWith = { id, source }
  }

  /** Take the queue to which tasks of the name went before, unless another was chosen. */
  async findQueue(): Promise<void> {
    const name = this.name.trim()
    const page = name === '' ? null : await api.tasks({ q: `${term('name', name)} has:queue`, order: '-seen', limit: 1 }).catch(() => null)
    if (name !== this.name.trim()) return
    const untouched = this.delivery.queue === '' || this.delivery.queue === this.usualQueue
    this.usualQueue = page?.items[0]?.queue ?? null
    if (untouched) this.delivery.queue = this.usualQueue ?? ''
  }

  /** Wait for the result of what was sent. */
  async follow(id: string): Promise<void> {
    this.rest()
    const { signal } = (this.abort = new AbortController())
    this.waiting = true
    this.resultProblem = null
    try {
      do this.result = await control.result(id, TURN_S, signal)
      while (!signal.aborted && !ENDED.has(this.result.state) && !this.result.unreadable)
    } catch (error) {
      if (isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.resultProblem = error
    } finally {
      if (!signal.aborted) this.waiting = false
    }
  }

  /** Wait no longer. */
  rest(): void {
    this.abort.abort()
    this.waiting = false
  }

  /** What is wrong with a field, until it says something else. */
  errorOf(field: string): string | null {
    if (this.refused !== this.textOf(field)) return null
    if (this.mistake?.field === field) return this.mistake.message
    return this.problem && fieldOf(this.problem.parameter) === field ? this.problem.detail : null
  }

  /** The name that was meant by one that no worker knows, until another is typed. */
  get suggestedName(): string | null {
    return this.errorOf('name') === null ? null : (this.problem?.suggestion ?? null)
  }

  private textOf(field: string): string {
    const texts: Record<string, string> = {
      name: this.name,
      args: this.args,
      kwargs: this.kwargs,
      reason: this.reason,
      soft_time_limit: this.soft,
      time_limit: this.hard,
      ...this.delivery,
    }
    return texts[field] ?? ''
  }

  private read(zone: 'local' | 'utc'): (Apply & { task_id: string }) | null {
    try {
      const soft = numberOf('soft_time_limit', this.soft, { least: 0.001 })
      const hard = numberOf('time_limit', this.hard, { least: 0.001 })
      const apply = {
        name: requiredText('name', this.name, 'The name of a task'),
        args: argumentsOf('args', this.args, 'array'),
        kwargs: argumentsOf('kwargs', this.kwargs, 'object'),
        ...deliveryOf(this.delivery, zone),
        ...(soft === undefined ? {} : { soft_time_limit: soft }),
        ...(hard === undefined ? {} : { time_limit: hard }),
        task_id: newId(),
        check: this.check,
        ...reasonOf(this.reason),
      }
      this.mistake = null
      return apply
    } catch (error) {
      if (!(error instanceof FieldMistake)) throw error
      this.mistake = error
      this.refused = this.textOf(error.field)
      return null
    }
  }
}
