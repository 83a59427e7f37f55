/**
 * One live connection for many windows: what each follows, and who is told what.
 *
 * A window that goes says so (`leave`). One that crashed does not; what it followed is then
 * followed until the last window is closed and the worker ends.
 */

import { LiveConnection, type LiveMessage, type LiveSearch } from './live_connection'

/** What a window asks of the worker. Ids are unique within the window. */
export type LiveRequest =
  | { kind: 'start'; address: string }
  | { kind: 'follow'; id: string; search: LiveSearch }
  | { kind: 'unfollow'; id: string }
  | { kind: 'wake' | 'fail' | 'stop' | 'leave' }

/** What the hub needs of a `MessagePort`. */
export interface Window {
  postMessage(message: LiveMessage): void
}

export class LiveHub {
  private connection: LiveConnection | null = null
  private readonly numbers = new Map<Window, number>()
  private readonly listening = new Set<Window>()
  private readonly owners = new Map<string, Window>()
  private count = 0

  receive(window: Window, request: LiveRequest): void {
    switch (request.kind) {
      case 'start':
        this.connection ??= new LiveConnection(request.address, (message) => this.tell(message))
        this.listening.add(window)
        this.connection.start()
        break
      case 'follow': {
        const id = this.idOf(window, request.id)
        this.owners.set(id, window)
        this.connection?.follow(id, request.search)
        break
      }
      case 'unfollow':
        this.forget(this.idOf(window, request.id))
        break
      case 'wake':
        this.connection?.wake()
        break
      case 'fail':
        this.connection?.fail()
        break
      default:
        this.stop(window)
        if (request.kind === 'leave') this.numbers.delete(window)
    }
  }

  private stop(window: Window): void {
    this.listening.delete(window)
    for (const [id, owner] of this.owners) if (owner === window) this.forget(id)
    if (this.listening.size === 0) this.connection?.stop()
  }

  private forget(id: string): void {
    this.owners.delete(id)
    this.connection?.unfollow(id)
  }

  private tell(message: LiveMessage): void {
    if (!('id' in message)) {
      for (const window of this.listening) window.postMessage(message)
      return
    }
    const id = message.id.slice(message.id.indexOf(' ') + 1)
    this.owners.get(message.id)?.postMessage({ ...message, id })
  }

  private idOf(window: Window, id: string): string {
    const number = this.numbers.get(window) ?? this.count++
    this.numbers.set(window, number)
    return `${number} ${id}`
  }
}
