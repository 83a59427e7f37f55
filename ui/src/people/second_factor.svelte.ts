/** A second factor from the secret to the recovery codes, and off again. */

import { people } from '../api/people'
import { Submission } from '../frame/submission.svelte'

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
  readonly submission = new Submission()

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

  /** Send what was typed, to go on from the step that is shown. */
  async submit(): Promise<void> {
    if (this.step === 'password') await this.begin()
    else if (this.step === 'shown') await this.confirm()
    else if (this.step === 'remove') await this.remove()
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
    this.submission.clear()
    this.step = 'idle'
  }

  private get typed(): string {
    return this.code.replace(/\s/g, '')
  }

  private async run(work: () => Promise<void>): Promise<void> {
    if (this.submission.busy) return
    try {
      await this.submission.run(work)
    } finally {
      this.code = ''
    }
  }
}

/** "JBSW Y3DP EHPK": a secret in groups that can be typed. */
export function grouped(secret: string): string {
  return (secret.match(/.{1,4}/g) ?? []).join(' ')
}
