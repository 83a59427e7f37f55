/**
 * The way through a login: what can be done is asked of the server, then a password (and a code)
 * is checked, or a provider is gone to.
 */

import type { LoginOptions } from '../api/people_types'
import { Problem } from '../api/problem'
import { loggedIn, logIn, loginOptions, logOut } from './login'
import { afterLogout, providerPath, targetOf } from './target'

/** `choose` how to log in, type a `code`, be told why one is `refused`, or be asked whether to
 * `leave`. */
export type Step = 'waiting' | 'choose' | 'code' | 'refused' | 'leave'

/** What the model does to the page. */
export interface Browser {
  search: string
  base: string
  /** Go on to another page, which takes the place of this one. */
  replace: (address: string) => void
}

export class LoginModel {
  step: Step = $state('waiting')
  options: LoginOptions | null = $state.raw(null)
  user = $state('')
  password = $state('')
  code = $state('')
  busy = $state(false)
  /** What went wrong, in a sentence. */
  failed: string | null = $state(null)
  /** Who is logged in all the same, where a login failed: on the way back, or as somebody else. */
  already: string | null = $state(null)
  /** They have just logged out. */
  readonly left: boolean

  constructor(
    private readonly browser: Browser,
    leaving: boolean,
  ) {
    this.left = new URLSearchParams(browser.search).has('left')
    if (leaving) this.step = 'leave'
  }

  /** Ask how one can log in; with one way alone it is gone at once. */
  async load(): Promise<void> {
    this.failed = null
    try {
      this.options = await loginOptions()
    } catch (error) {
      this.failed = sentenceOf(error, 'It cannot be said how one logs in here.')
      return
    }
    if (this.step !== 'waiting') return
    const { failed, refused, straight, providers } = this.options
    const [only] = providers
    if (straight && only !== undefined && !this.left && failed === null && refused === null) {
      this.browser.replace(new URL(this.addressOf(only.address), this.browser.base).href)
      return
    }
    this.failed = failed
    this.step = refused === null ? 'choose' : 'refused'
    if (failed !== null) this.already = await loggedIn()
  }

  /** The page is seen again: whoever has logged in in another tab meanwhile is so here, too. */
  async seen(): Promise<void> {
    const isOpen = this.step === 'choose' || this.step === 'code'
    if (!isOpen || this.busy || this.options?.refused || this.options?.failed) return
    if ((await loggedIn()) !== null && !this.busy) this.browser.replace(this.target)
  }

  /** Where they wanted to go. */
  get target(): string {
    return targetOf(this.browser.search, this.browser.base)
  }

  /** The address of a provider's login, relative to the server. */
  addressOf(address: string): string {
    return providerPath(address, this.browser.search, this.browser.base)
  }

  /** Log in with what is typed. Whether another field is to be typed into. */
  async submit(): Promise<void> {
    if (this.busy) return
    this.busy = true
    this.failed = null
    try {
      await logIn(this.user, this.password, this.code.replace(/\s/g, ''))
      this.browser.replace(this.target)
    } catch (error) {
      this.busy = false
      this.meet(error)
    }
  }

  /** Back from the code to the password. */
  back(): void {
    this.password = this.code = ''
    this.failed = null
    this.step = 'choose'
  }

  /** Log in as somebody else than the one who was refused. */
  another(): void {
    this.step = 'choose'
  }

  async leave(): Promise<void> {
    this.busy = true
    this.failed = null
    try {
      this.browser.replace(afterLogout(await logOut(), this.browser.base))
    } catch (error) {
      this.failed = sentenceOf(error, 'Logging out failed. Try again.')
      this.busy = false
    }
  }

  private meet(error: unknown): void {
    const needsCode = error instanceof Problem && error.kind === 'second-factor-needed'
    if (needsCode && this.step === 'choose') {
      this.step = 'code'
      return
    }
    this.code = ''
    this.failed = sentenceOf(error, 'Logging in failed. Try again.')
    if (this.step === 'code') return
    this.password = ''
  }
}

function sentenceOf(error: unknown, otherwise: string): string {
  return error instanceof Problem ? error.detail : otherwise
}
