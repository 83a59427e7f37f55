/**
 * Polling: an answer of the server that a page shows, asked for again while the page is seen.
 *
 * Open it for whatever has no live stream (workers, queues, what a worker answers). It asks at
 * once, then some seconds after each answer; keeps the old answer when asking fails; aborts
 * what the page no longer needs; and rests while the tab is hidden. A problem that the same
 * request would meet again (404) ends the polling. What is no `Problem` is a bug and is thrown
 * on. It asks anew when the server's time turns out to be another one than the browser's, by which
 * pages ask for the last hour. With a `key` for its question, an answer that a page has shown a moment ago is shown until
 * the first one comes.
 *
 *     const queues = new Resource((signal) => control.queues(signal), 3)
 *     $effect(() => queues.start())
 */

import { untrack } from 'svelte'
import { Problem } from '../api/problem'
import { recentAnswers } from '../api/recent_answers'
import { isAbandoned } from '../api/transport'
import { clock } from './clock.svelte'
import { stream } from './stream.svelte'

/** `before` is the answer that is shown, for askers that keep a part of it. */
export type Ask<T> = (signal: AbortSignal, before: T | null) => Promise<T>
/** Seconds between an answer and the next request; null: this answer is the last. */
export type Pause<T> = number | null | ((answer: T | null) => number | null)

export class Resource<T> {
  /** The last answer; null until there is one. */
  answer: T | null = $state.raw(null)
  /** Why the last request failed; null when it did not. */
  problem: Problem | null = $state.raw(null)
  /** Whether a request is under way. */
  loading = $state(false)
  private running = false
  private abort = new AbortController()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly ask: Ask<T>,
    private readonly pause_s: Pause<T> = null,
    private readonly key: (() => string) | null = null,
  ) {}

  /** The problem that the page has to tell: the band tells of a server that does not answer, once
   * for all that is shown from before. */
  get problemToShow(): Problem | null {
    const isInBand = stream.isLost && this.answer !== null && this.problem?.status === 0
    return isInBand ? null : this.problem
  }

  /** Ask, again and again, until the function that is given back is called: at once, or after
   * a pause when a first answer came already. */
  start(first: T | null = null): () => void {
    const onVisibility = (): void => {
      if (document.hidden) clearTimeout(this.timer)
      else if (this.next() !== null) void this.load()
    }
    document.addEventListener('visibilitychange', onVisibility)
    const leaveClock = clock.onCorrected(() => void this.load())
    this.running = true
    // In an effect: what asking reads is no reason to begin anew.
    untrack(() => {
      if (first === null) {
        this.answer = (this.key && recentAnswers.of<T>(this.key())) ?? this.answer
        return void this.load()
      }
      this.answer = first
      this.problem = null
      this.askLater()
    })
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      leaveClock()
      this.running = false
      clearTimeout(this.timer)
      this.abort.abort()
    }
  }

  /** Ask now; a request that is under way is given up for this one. */
  async load(): Promise<void> {
    clearTimeout(this.timer)
    this.abort.abort()
    this.abort = new AbortController()
    const { signal } = this.abort
    const key = this.key?.()
    this.loading = true
    try {
      const answer = await this.ask(signal, this.answer)
      if (signal.aborted) return
      this.answer = answer
      this.problem = null
      if (key !== undefined) recentAnswers.put(key, answer)
    } catch (error) {
      if (signal.aborted || isAbandoned(error)) return
      if (!(error instanceof Problem)) throw error
      this.problem = error
    } finally {
      if (!signal.aborted) this.loading = false
    }
    this.askLater()
  }

  /** Forget the answer: what is shown next is another thing. */
  clear(): void {
    this.answer = null
    this.problem = null
  }

  private askLater(): void {
    const pause_s = this.next()
    if (pause_s === null || !this.running || document.hidden) return
    this.timer = setTimeout(() => void this.load(), pause_s * 1000)
  }

  private next(): number | null {
    if (this.problem !== null && !this.problem.canPass) return null
    return typeof this.pause_s === 'function' ? this.pause_s(this.answer) : this.pause_s
  }
}
