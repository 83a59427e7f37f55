/** One task and the workflow that it belongs to, kept as they are now. */

import { api } from '../api/client'
import { isAbandoned } from '../api/transport'
import { Problem } from '../api/problem'
import type { Changes, Task, Workflow } from '../api/types'
import { Retry } from '../frame/retry'
import { stream } from '../frame/stream.svelte'
import { term } from '../query/edit'
import { updated } from './workflow'

/** However much happens, the whole task is asked for no more often than this. */
const PAUSE_MS = 400

export class TaskModel {
  task: Task | null = $state.raw(null)
  workflow: Workflow | null = $state.raw(null)
  problem: Problem | null = $state.raw(null)
  private readonly retry = new Retry(() => void this.load())
  private readonly abort = new AbortController()
  private stop: (() => void) | null = null
  private following: string | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly id: string) {}

  /** Load the task and follow it, until the function that is given back is called. */
  start(): () => void {
    this.follow(term('uuid', this.id))
    void this.load()
    return () => {
      this.abort.abort()
      this.retry.stop()
      clearTimeout(this.timer)
      this.stop?.()
    }
  }

  async load(): Promise<void> {
    const { signal } = this.abort
    try {
      const task = await api.task(this.id, signal)
      this.task = task
      this.problem = null
      this.retry.succeeded()
      const root = task.root_id
      if (root === null) return
      this.follow(term('root', root))
      if (this.workflow?.root_id !== root) this.workflow = await api.workflow(root, signal)
    } catch (error) {
      if (isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
      this.retry.failed(error)
    }
  }

  private follow(q: string): void {
    if (q === this.following) return
    this.following = q
    this.stop?.()
    this.stop = stream.follow({
      q,
      left: false,
      after: null,
      changes: (changes) => this.hear(changes),
      // What happened between the loading and the opening of the stream was told to nobody.
      opened: () => this.again(),
      reset: () => this.again(),
    })
  }

  private hear(changes: Changes): void {
    const root = this.workflow?.root_id
    if (this.workflow && root !== undefined) {
      this.workflow = { ...this.workflow, tasks: updated(this.workflow.tasks, changes.items, root) }
    }
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
