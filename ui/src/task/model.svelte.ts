/** One task, kept as it is now. */

import { api } from '../api/client'
import { control } from '../api/control'
import { isAbandoned } from '../api/transport'
import { Problem } from '../api/problem'
import type { Changes, Task } from '../api/types'
import { BackoffTimer } from '../frame/backoff_timer'
import { stream, type ChangeFeed } from '../frame/stream.svelte'
import { term } from '../query/edit'
import { heldTasks } from '../workers/inspections'

/** A task that runs for longer is asked for at its worker, once: Celery may have told no end. */
const LONG_S = 60

/** However much happens, the whole task is asked for no more often than this. */
const PAUSE_MS = 400

export class TaskModel {
  task: Task | null = $state.raw(null)
  problem: Problem | null = $state.raw(null)
  private readonly backoff = new BackoffTimer(() => void this.load())
  private readonly abort = new AbortController()
  private stop: (() => void) | null = null
  /** The last event of the task when its worker was asked, and when it said that it had it not. */
  private inspectedAt: number | null = null
  private notHeldAt: number | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly id: string,
    private readonly feed: ChangeFeed = stream,
  ) {}

  /** Load the task and follow it, until the function that is given back is called. */
  start(): () => void {
    this.follow()
    void this.load()
    return () => {
      this.abort.abort()
      this.backoff.stop()
      clearTimeout(this.timer)
      this.stop?.()
    }
  }

  async load(): Promise<void> {
    const { signal } = this.abort
    try {
      const task = await api.task(this.id, signal)
      this.task = this.judged(task)
      this.problem = null
      void this.askWorker(task)
      this.backoff.succeeded()
    } catch (error) {
      if (isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
      this.backoff.failed(error)
    }
  }

  /** What its worker said of it speaks against its state as long as nothing happened since. */
  private judged(task: Task): Task {
    if (task.doubt !== null || task.state !== 'STARTED' || this.notHeldAt !== task.timestamp) return task
    return { ...task, doubt: { why: 'not-held', since: null, worker: task.worker } }
  }

  private async askWorker(task: Task): Promise<void> {
    const { worker, started, state, timestamp } = task
    if (state !== 'STARTED' || worker === null || started === null || task.doubt !== null) return
    if (this.inspectedAt === timestamp || Date.now() / 1000 - started < LONG_S) return
    this.inspectedAt = timestamp
    try {
      const answer = await control.inspect(worker, 'active', this.abort.signal)
      if (!answer.answered || answer.value?.kind !== 'array' || answer.left_out > 0) return
      const held = heldTasks(answer.value).some((one) => one.id === task.uuid)
      this.notHeldAt = held ? null : timestamp
      if (this.task !== null) this.task = this.judged(this.task)
    } catch (error) {
      if (!isAbandoned(error) && !(error instanceof Problem)) throw error
    }
  }

  private follow(): void {
    this.stop = this.feed.follow({
      q: term('uuid', this.id),
      left: false,
      after: null,
      changes: (changes) => this.hear(changes),
      // What happened between the loading and the opening of the stream was told to nobody.
      opened: () => this.again(),
      reset: () => this.again(),
    })
  }

  private hear(changes: Changes): void {
    const missed = changes.skipped === null || changes.skipped > 0
    if (missed || changes.items.some((row) => row.uuid === this.id)) this.again()
  }

  private again(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.load()
    }, PAUSE_MS)
  }
}
