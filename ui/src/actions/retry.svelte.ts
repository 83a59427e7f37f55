/** What a person chooses for a task that is sent again. */

import type { Edit } from '../api/control_types'
import type { Task } from '../api/types'
import { pastArguments } from './past_arguments'
import { argumentsOf, DEFAULT_DELIVERY, deliveryOf, type DeliveryText } from './values'

/** Where the arguments in the fields come from. */
export type Source = 'asking' | 'exact' | 'literal' | 'none'

export class RetryChoice {
  edited = $state(false)
  args = $state('')
  kwargs = $state('')
  delivery: DeliveryText = $state({ ...DEFAULT_DELIVERY })
  source: Source = $state('asking')
  private requested = false

  /** Edit the arguments, beginning with those of before, as exactly as they are known. */
  async edit(task: Task): Promise<void> {
    this.edited = true
    if (this.requested) return
    this.requested = true
    const { source, args, kwargs } = await pastArguments(task)
    this.fill(source, args, kwargs)
  }

  /** Raises `FieldMistake`. Undefined when nothing is changed. */
  change(zone: 'local' | 'utc'): Edit | undefined {
    const edit: Edit = deliveryOf(this.delivery, zone)
    if (this.edited) {
      edit.args = argumentsOf('args', this.args, 'array')
      edit.kwargs = argumentsOf('kwargs', this.kwargs, 'object')
    }
    return Object.keys(edit).length === 0 ? undefined : edit
  }

  private fill(source: Source, args: string, kwargs: string): void {
    this.source = source
    if (this.args === '') this.args = args
    if (this.kwargs === '') this.kwargs = kwargs
  }
}
