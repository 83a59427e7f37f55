/** Who looks, and what they may do. */

import { control } from '../api/control'
import type { Me, Permission } from '../api/control_types'
import { backoff } from './backoff'
import { refusal } from './refusal'

class Person {
  /** Null until the server said it. */
  person: Me | null = $state.raw(null)
  private tries = 0

  /** Ask the server, until it answers. */
  async load(): Promise<void> {
    try {
      this.person = await control.me()
    } catch {
      // Nothing is offered to somebody unknown.
      setTimeout(() => void this.load(), backoff(this.tries++, Math.random()) * 1000)
    }
  }

  /** Why something that needs this permission cannot be done, in a sentence; null if it can. */
  refusal(needed: Permission): string | null {
    return refusal(this.person, needed)
  }

  async logOut(): Promise<void> {
    await control.logOut()
    location.assign(new URL('login', document.baseURI))
  }
}

export const me = new Person()
