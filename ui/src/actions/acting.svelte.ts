/** The one dialog in which actions are planned and done: who wants it opened, for what. */

import type { ActionKind } from '../api/control-types'
import type { Task } from '../api/types'
import type { Target } from './request'

export interface Ask {
  action: ActionKind
  target: Target
  /** The task whose arguments can be edited, when it is about one alone. */
  task?: Task
  /** Something was done, or may have been. */
  ondone?: () => void
  /** The dialog is closed, and what opened it may be gone: where the focus goes. */
  onclosed?: () => void
}

class Acting {
  /** What is to be done; null when nothing is. */
  ask: Ask | null = $state.raw(null)

  open(ask: Ask): void {
    this.ask = ask
  }

  close(): void {
    this.ask = null
  }
}

export const acting = new Acting()
