/** What people decide about an error, and what each means. */

import type { ErrorsState } from '../api/schema'

export type Deed = 'resolve' | 'ignore' | 'reopen' | 'note'

interface Words {
  /** On the button that opens the dialog. */
  button: string
  title: string
  explains: string
  /** What the note is for. */
  note: string
  /** On the button that does it. */
  label: string
}

const NOTE_STAYS = 'It stays with the error. Empty: the note that it has stays.'

export const DEEDS: Record<Deed, Words> = {
  resolve: {
    button: 'Resolve',
    title: 'Resolve the error',
    explains: 'It is fixed. When a task fails with it after this, it is open again.',
    note: NOTE_STAYS,
    label: 'Resolve',
  },
  ignore: {
    button: 'Ignore until…',
    title: 'Ignore the error',
    explains: 'It is known, and need not be told. It is open again as soon as one of these is met.',
    note: NOTE_STAYS,
    label: 'Ignore',
  },
  reopen: {
    button: 'Reopen',
    title: 'Reopen the error',
    explains: 'It is open again, whatever was decided before.',
    note: NOTE_STAYS,
    label: 'Reopen',
  },
  note: {
    button: 'Note',
    title: 'Note on the error',
    explains: 'For everybody who looks at this error. Its state stays.',
    note: 'Empty: the note is taken away.',
    label: 'Keep the note',
  },
}

/** What can be decided about an error in this state, the usual first. */
export function deedsOf(state: ErrorsState): readonly Deed[] {
  if (state === 'open') return ['resolve', 'ignore', 'note']
  return state === 'resolved' ? ['reopen', 'note'] : ['reopen', 'resolve', 'note']
}
