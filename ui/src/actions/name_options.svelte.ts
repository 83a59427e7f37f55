/** Names that fields offer: registered tasks and queues. A courtesy; without it one types. */

import { control } from '../api/control'
import type { Registered } from '../api/control_types'

export class NameOptions {
  tasks: readonly Registered[] = $state.raw([])
  queues: readonly string[] = $state.raw([])

  async loadTasks(): Promise<void> {
    this.tasks = await control.registered().then(
      (answer) => answer.items,
      () => [],
    )
  }

  async loadQueues(): Promise<void> {
    this.queues = await control.queues('').then(
      (answer) => answer.items.map((queue) => queue.name),
      () => [],
    )
  }
}
