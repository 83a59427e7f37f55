/** The one dialog in which actions are planned and done: who wants it opened, for what. */

import type { ActionKind } from '../api/control_types'
import type { Task } from '../api/types'
import type { Target, Typed } from './request'

export interface Prompt {
  action: ActionKind
  target: Target
  /** What was typed elsewhere: it begins with the plan of that. */
  typed?: Partial<Typed>
  /** The task whose arguments can be edited, when it is about one alone. */
  task?: Task
  /** Something was done, or may have been. */
  ondone?: () => void
  /** The dialog is closed, and what opened it may be gone: where the focus goes. */
  onclosed?: () => void
}

class DialogPrompt {
  /** What is to be done; null when nothing is. */
  prompt: Prompt | null = $state.raw(null)

  open(prompt: Prompt): void {
    this.prompt = prompt
  }

  close(): void {
    this.prompt = null
  }
}

export const actionDialog = new DialogPrompt()
