/** Who looks, and what they may do. */

import { control } from '../api/control'
import type { Me, Permission } from '../api/control_types'
import { Problem } from '../api/problem'
import { setLeaving, setOpener } from '../api/transport'
import { afterLogout } from '../login/target'
import { backoff } from './backoff'
import { forgetRecent } from './recent'
import { refusal, refusalOfAll, refusalOfAny, refusalOfNamed, refusalOfTask, refusalOfTasks, refusalToSend, type Touched } from './refusal'

class Person {
  /** Null until the server said it. */
  person: Me | null = $state.raw(null)
  private tries = 0

  /** Ask the server, until it answers. */
  async load(): Promise<void> {
    try {
      const person = await control.me()
      setOpener(person.name)
      this.person = person
    } catch {
      // Nothing is offered to somebody unknown.
      setTimeout(() => void this.load(), backoff(this.tries++, Math.random()) * 1000)
    }
  }

  /** Whether nothing is open to them before they have turned on a second factor. */
  get mustEnrol(): boolean {
    const factor = this.person?.second_factor
    return factor !== undefined && factor.required && factor.since === null
  }

  /** Why something that needs this permission for everything cannot be done, in a sentence; null
   * if it can. */
  refusal(needed: Permission): string | null {
    return refusal(this.person, needed)
  }

  /** The same of something that is done to one task. */
  refusalOfTask(needed: Permission, task: Touched): string | null {
    return refusalOfTask(this.person, needed, task)
  }

  /** The same of one task of which only the name is known here. */
  refusalOfNamed(needed: Permission, name: string): string | null {
    return refusalOfNamed(this.person, needed, name)
  }

  /** The same of something that is done to all tasks of a name, or of a queue. */
  refusalOfAll(needed: Permission, tasks: Touched): string | null {
    return refusalOfAll(this.person, needed, tasks)
  }

  /** The same of a task that is sent. */
  refusalToSend(task: Touched): string | null {
    return refusalToSend(this.person, task)
  }

  /** The same of something that is done to whichever tasks they may touch. */
  refusalOfAny(needed: Permission): string | null {
    return refusalOfAny(this.person, needed)
  }

  /** The same of several tasks, or which of them are left out; none are tasks that nobody has
   * listed. */
  refusalOfTasks(needed: Permission, tasks: readonly Touched[]): { why: string | null; note: string | null } {
    return refusalOfTasks(this.person, needed, tasks)
  }

  async logOut(): Promise<void> {
    setLeaving(true)
    let goOn: string | null = null
    try {
      goOn = (await control.logOut()).go_on
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) {
        setLeaving(false)
        throw error
      }
    }
    forgetRecent()
    location.assign(afterLogout(goOn, document.baseURI))
  }
}

export const me = new Person()
