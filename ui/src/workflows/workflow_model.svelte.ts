/**
 * A workflow that is followed: loaded whole, at first by its events and then by all sources, and again
 * when the live stream tells that a task of it changed. Nothing is asked for while nothing happens.
 */

import type { WorkflowDetail } from '../api/schema'
import { workflows } from '../api/workflows'
import { Resource } from '../frame/resource.svelte'
import { stream, type ChangeFeed } from '../frame/stream.svelte'
import { term } from '../query/edit'

/** However much happens, a workflow of so many tasks is asked for no more often, milliseconds. */
const PACES: readonly (readonly [tasks: number, pace_ms: number])[] = [[500, 500], [3_000, 2_000], [Infinity, 5_000]]
/** The server reads result backend and queues anew after some seconds; the last change is seen then, seconds. */
const SETTLED_S = 5
/** A source that did not answer is tried again, seconds. */
const TRY_AGAIN_S = 30
/** So many roots are named in one search. */
const ROOTS_MAX = 50

export class WorkflowModel {
  readonly resource: Resource<WorkflowDetail>
  /** The search that finds the tasks of the workflow. */
  readonly search = $derived.by(() => searchOf(this.id, this.resource.answer))
  private timer: ReturnType<typeof setTimeout> | undefined
  private changed = false

  constructor(
    readonly id: string,
    /** Whether all sources are read, after events. */
    private readonly readsAll = true,
    private readonly feed: ChangeFeed = stream,
  ) {
    this.resource = new Resource(
      (signal, before) => workflows.one(id, readsAll && before !== null, signal),
      (answer) => this.pause(answer),
      () => `workflow ${id}`,
    )
  }

  start(): () => void {
    const stop = this.resource.start()
    return () => {
      clearTimeout(this.timer)
      this.timer = undefined
      stop()
    }
  }

  /** Hear of changes of `search`, until the function that is given back is called. */
  follow(search: string): () => void {
    const again = (): void => this.again()
    // What happened between the loading and the opening of the stream was told to nobody.
    return this.feed.follow({ q: search, left: false, after: null, changes: again, opened: again, reset: again })
  }

  private again(): void {
    const tasks = this.resource.answer?.tasks.length ?? 0
    const pace_ms = PACES.find(([most]) => tasks < most)?.[1] ?? 0
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.changed = true
      void this.resource.load()
    }, pace_ms)
  }

  private pause(answer: WorkflowDetail | null): number | null {
    if (answer === null) return TRY_AGAIN_S
    if (answer.sources === null) return this.readsAll ? 0 : null
    if (this.changed) {
      this.changed = false
      return SETTLED_S
    }
    const failed = answer.sources.results.state === 'failed' || answer.sources.messages.state === 'failed'
    return failed ? TRY_AGAIN_S : null
  }
}

/** By its roots: members of a group that a client sent are roots of their own. */
export function searchOf(id: string, answer: Pick<WorkflowDetail, 'workflow' | 'tasks'> | null): string {
  if (answer === null) return term('root', id)
  const seen = new Set(answer.tasks.map(({ uuid }) => uuid))
  const roots = answer.tasks.filter(({ parent_id }) => parent_id === null || !seen.has(parent_id)).map(({ uuid }) => uuid)
  const terms = [...new Set([answer.workflow.root_id, ...roots])].slice(0, ROOTS_MAX).map((root) => term('root', root))
  if (answer.workflow.group_id !== null) terms.push(term('group', answer.workflow.group_id))
  return terms.join(' OR ')
}
