/** Pausing and resuming in the palette: offered of the queues that the typed words name, once they ask for it. */

import type { Queues } from '../api/control_types'
import type { Command } from '../frame/commands.svelte'
import { hasWords } from '../frame/palette'

type PauseAction = 'pause' | 'resume'
const VERBS: readonly PauseAction[] = ['pause', 'resume']
/** So many letters of a verb ask for it. */
const LETTERS = 3
/** So many queues are offered. */
export const PAUSE_COMMANDS_MAX = 5

/** Whether one of the typed words begins "pause" or "resume". */
export function asksToPause(typed: string): boolean {
  return typed.toLowerCase().split(/\s+/).some((word) => word.length >= LETTERS && VERBS.some((verb) => verb.startsWith(word)))
}

/** "Pause queue mail", "Resume queue mail": what each queue admits, in the order of their list. */
export function pauseCommands(
  typed: string,
  { items, capabilities }: { items: readonly Pick<Queues['items'][number], 'name' | 'paused'>[]; capabilities: Pick<Queues['capabilities'], 'missing'> },
  why: string | null,
  open: (action: PauseAction, queue: string) => void,
): Command[] {
  if ('control' in capabilities.missing || !asksToPause(typed)) return []
  return items
    .map(({ name, paused }): Command => {
      const action = paused ? 'resume' : 'pause'
      return { icon: paused ? 'play' : 'pause', title: `${paused ? 'Resume' : 'Pause'} queue ${name}`, why, run: () => open(action, name) }
    })
    .filter(({ title }) => hasWords(title, typed))
    .slice(0, PAUSE_COMMANDS_MAX)
}
