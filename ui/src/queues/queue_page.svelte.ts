/** One queue, and its next messages where the broker shows them: asked for together, so that they do not contradict each other. */

import { control } from '../api/control'
import type { QueuePeek, QueueProfile } from '../api/control_types'
import { Problem } from '../api/problem'
import { Resource } from '../frame/resource.svelte'
import { PAUSE_S } from './model.svelte'

export interface SeenQueue {
  queue: QueueProfile
  peek: QueuePeek | null
  /** Why there are no messages to show, where that is not the broker's kind. */
  unread: Problem | null
}

export function seenQueue(name: () => string, limit: () => number): Resource<SeenQueue> {
  return new Resource<SeenQueue>(
    async (signal) => {
      const queue = await control.queue(name(), signal)
      if ('peek' in queue.capabilities.missing) return { queue, peek: null, unread: null }
      try {
        return { queue, peek: await control.messages(name(), limit(), signal), unread: null }
      } catch (error) {
        if (error instanceof Problem && !signal.aborted) return { queue, peek: null, unread: error }
        throw error
      }
    },
    PAUSE_S,
    () => `queue ${name()}`,
  )
}

/** How many wait: of the messages that are shown, so that the number is theirs. */
export function waiting({ queue, peek }: SeenQueue): number | null {
  return peek?.ready ?? queue.ready
}

/** For how long the oldest message has waited, by samples and by the messages that are shown; null is unknown. */
export function oldest({ queue, peek }: SeenQueue, now: number): number | null {
  const sent = (peek?.items ?? []).map((message) => message.sent).filter((at) => at !== null)
  const seen = sent.length === 0 ? null : Math.max(0, now - Math.min(...sent))
  return queue.oldest_s === null || seen === null ? (queue.oldest_s ?? seen) : Math.max(queue.oldest_s, seen)
}
