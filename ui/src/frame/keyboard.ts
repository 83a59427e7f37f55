/** Listens to the keys of the whole page, and calls whoever acts on them now. */

import { act, type Action, type Pending } from './keys'

export type Handlers = Partial<Record<Action, () => void>>

export class Keyboard {
  private pending: Pending | null = null
  private readonly layers: Handlers[] = []

  start(): () => void {
    const onKey = (event: KeyboardEvent): void => this.press(event)
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }

  /** Let a page act on its own keys, until the function that is given back is called. */
  add(handlers: Handlers): () => void {
    this.layers.push(handlers)
    return () => {
      this.layers.splice(this.layers.indexOf(handlers), 1)
    }
  }

  private press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || event.isComposing) return
    const target = event.target instanceof Element ? event.target : null
    if (document.querySelector('dialog[open], :popover-open:not([role=tooltip])') && !(event.ctrlKey || event.metaKey)) return
    const { action, pending } = act(
      {
        key: event.key === ' ' ? 'Space' : event.key,
        ctrl: event.ctrlKey || event.metaKey,
        // A dialog that has just been closed keeps the focus until the page is drawn again.
        typing: target?.closest('input:not([type=checkbox]), textarea, select')?.checkVisibility() ?? false,
        onControl: target?.closest('a, button, summary, [role=option]') != null,
        onButton: target?.closest('button, summary, input, [role=option]') != null,
        at: event.timeStamp / 1000,
      },
      this.pending,
    )
    this.pending = pending
    const handler = action === null ? undefined : this.layers.findLast((one) => one[action])?.[action]
    if (handler === undefined) return
    event.preventDefault()
    handler()
  }
}

export const keyboard = new Keyboard()
