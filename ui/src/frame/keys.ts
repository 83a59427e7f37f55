/** What keys do. Two keys in a row (`g t`) are one shortcut when they come within a second. */

export type Action =
  | 'search'
  | 'down'
  | 'up'
  | 'open'
  | 'select'
  | 'pause'
  | 'palette'
  | 'help'
  | 'load-new'
  | 'go-overview'
  | 'go-doctor'
  | 'go-tasks'
  | 'go-errors'
  | 'go-alerts'
  | 'go-schedule'
  | 'go-names'
  | 'go-workflows'
  | 'next-failure'
  | 'previous-failure'
  | 'go-workers'
  | 'go-queues'
  | 'go-audit'
  | 'go-run'
  | 'go-access'
  | 'go-sessions'
  | 'go-tokens'
  | 'select-range'
  | 'act'
  | 'clear'
  | 'select-all'
  | 'retry'
  | 'failures'
  | 'last-hour'
  | 'same-error'
  | 'copy-id'
  | 'back'
  | 'submit'
  | 'preview'
  | 'save-search'

export interface Shortcut {
  keys: string
  action: Action
  description: string
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: '/', action: 'search', description: 'Search tasks' },
  { keys: 's', action: 'save-search', description: 'Save the search, or change the saved one' },
  { keys: 'f', action: 'failures', description: 'Failures alone, or all states again' },
  { keys: 'h', action: 'last-hour', description: 'The last hour alone, or all times again' },
  { keys: 'j', action: 'down', description: 'Next row, or the next task of the list' },
  { keys: 'k', action: 'up', description: 'Previous row, or the previous task of the list' },
  { keys: 'Enter', action: 'open', description: 'Open the row' },
  { keys: 'Space', action: 'preview', description: 'Show the row beside the list, or no longer' },
  { keys: 'x', action: 'select', description: 'Select the row' },
  { keys: 'X', action: 'select-range', description: 'Select all rows from the last selected one to this' },
  { keys: '*', action: 'select-all', description: 'Select all that match' },
  { keys: 'r', action: 'retry', description: 'Retry what is selected, the row, the task, or the tasks of the error' },
  { keys: 'a', action: 'act', description: 'Act on the selected rows' },
  { keys: 'Escape', action: 'clear', description: 'Select nothing; from a task or an error, back' },
  { keys: 'u', action: 'back', description: 'Back to the list' },
  { keys: 'e', action: 'same-error', description: 'Tasks with the same error; from a task, the page of its error; on the overview, to the next error' },
  { keys: 'c', action: 'copy-id', description: 'Copy the id of the row or the task' },
  { keys: '[', action: 'previous-failure', description: 'In a workflow, to the failure before' },
  { keys: ']', action: 'next-failure', description: 'In a workflow, to the next failure' },
  { keys: 'n', action: 'load-new', description: 'Show new tasks' },
  { keys: '.', action: 'pause', description: 'Pause or resume live updates' },
  { keys: 'g o', action: 'go-overview', description: 'Go to the overview' },
  { keys: 'g d', action: 'go-doctor', description: 'Go to the doctor' },
  { keys: 'g t', action: 'go-tasks', description: 'Go to Tasks' },
  { keys: 'g e', action: 'go-errors', description: 'Go to Errors' },
  { keys: 'g l', action: 'go-alerts', description: 'Go to Alerts' },
  { keys: 'g n', action: 'go-names', description: 'Go to the names of tasks' },
  { keys: 'g s', action: 'go-schedule', description: 'Go to the schedule' },
  { keys: 'g f', action: 'go-workflows', description: 'Go to Workflows' },
  { keys: 'g w', action: 'go-workers', description: 'Go to Workers' },
  { keys: 'g q', action: 'go-queues', description: 'Go to Queues' },
  { keys: 'g r', action: 'go-run', description: 'Run a task' },
  { keys: 'g a', action: 'go-audit', description: 'Go to the audit' },
  { keys: 'g y', action: 'go-access', description: 'Go to your access' },
  { keys: 'g i', action: 'go-sessions', description: 'Go to the sessions' },
  { keys: 'g k', action: 'go-tokens', description: 'Go to the API tokens' },
  { keys: 'Ctrl K', action: 'palette', description: 'Go to anything: a page, a task name, an id' },
  { keys: 'Ctrl Enter', action: 'submit', description: 'Go on in a dialog or form' },
  { keys: '?', action: 'help', description: 'Show these shortcuts' },
]

const CHORD_S = 1

export interface Pressed {
  key: string
  ctrl: boolean
  /** The key went into a text field. */
  typing: boolean
  /** The key went to a link or button, which acts on Enter itself. */
  onControl: boolean
  /** The key went to a button or checkbox, which acts on Space itself. */
  onButton?: boolean
  /** Seconds, of any clock. */
  at: number
}

/** A first key that may become a chord. */
export interface Pending {
  key: string
  at: number
}

/** The action of a key press, and the pending first key of a chord. */
export function act(
  pressed: Pressed,
  pending: Pending | null,
): { action: Action | null; pending: Pending | null } {
  if (pressed.ctrl) {
    return { action: pressed.key.toLowerCase() === 'k' ? 'palette' : null, pending: null }
  }
  if (pressed.typing) return { action: null, pending: null }
  if (pressed.key === 'Space' && pressed.onButton) return { action: null, pending: null }
  if (pressed.key === 'Enter' && pressed.onControl) return { action: null, pending: null }
  if (pending !== null && pressed.at - pending.at <= CHORD_S) {
    const chord = find(`${pending.key} ${pressed.key}`)
    if (chord !== null) return { action: chord, pending: null }
  }
  const action = find(pressed.key)
  const opens = SHORTCUTS.some((one) => one.keys.startsWith(`${pressed.key} `))
  return { action, pending: opens ? { key: pressed.key, at: pressed.at } : null }
}

function find(keys: string): Action | null {
  return SHORTCUTS.find((one) => one.keys === keys)?.action ?? null
}
