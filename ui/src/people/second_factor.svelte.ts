/** A second factor from the secret to the recovery codes, and off again. */

import { people } from '../api/people'
import { Problem } from '../api/problem'

/** `idle` says whether there is one; the `password` is asked for once more; a secret is `shown` and waits for a first code; recovery `codes`
 * are shown once; a code is asked to `remove` it. */
export type Step = 'idle' | 'password' | 'shown' | 'codes' | 'remove'

export class SecondFactorModel {
  step: Step = $state('idle')
  secret = $state('')
  /** The `otpauth:` address that apps read off the QR code. */
  address = $state('')
  /** What is typed: a code, or before that the password. */
  code = $state('')
  recovery: readonly string[] = $state.raw([])
  busy = $state(false)
  problem: Problem | null = $state.raw(null)

  /** `changed` is called when it was turned on or off. */
  constructor(private readonly changed: () => void) {}

  begin(): Promise<void> {
    return this.run(async () => {
      const { secret, address } = await people.beginFactor(this.code)
      this.secret = secret
      this.address = address
      this.step = 'shown'
    })
  }

  confirm(): Promise<void> {
    return this.run(async () => {
      const { recovery } = await people.confirmFactor(this.typed)
      this.recovery = recovery
      this.secret = this.address = ''
      this.step = 'codes'
      this.changed()
    })
  }

  remove(): Promise<void> {
    return this.run(async () => {
      await people.removeFactor(this.typed)
      this.rest()
      this.changed()
    })
  }

  askForPassword(): void {
    this.rest()
    this.step = 'password'
  }

  askToRemove(): void {
    this.rest()
    this.step = 'remove'
  }

  /** Forget what was shown. */
  rest(): void {
    this.secret = this.address = this.code = ''
    this.recovery = []
    this.problem = null
    this.step = 'idle'
  }

  private get typed(): string {
    return this.code.replace(/\s/g, '')
  }

  private async run(work: () => Promise<void>): Promise<void> {
    if (this.busy) return
    this.busy = true
    this.problem = null
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.problem = error
    } finally {
      this.code = ''
      this.busy = false
    }
  }
}

/** "JBSW Y3DP EHPK": a secret in groups that can be typed. */
export function grouped(secret: string): string {
  return (secret.match(/.{1,4}/g) ?? []).join(' ')
}
