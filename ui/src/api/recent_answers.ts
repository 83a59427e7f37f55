/**
 * Answers that a page has shown a moment ago: whoever comes back to it sees them at once, while
 * the server is asked anew. None outlives a change that somebody makes here.
 */

const MOST = 40
const LIFE_MS = 60_000

export class RecentAnswers {
  #answers = new Map<string, { answer: unknown; at: number }>()

  constructor(private readonly now_ms: () => number = () => performance.now()) {}

  /** The answer to the question that `key` stands for; null if there is none of the last minute. */
  of<T>(key: string): T | null {
    const found = this.#answers.get(key)
    return found && this.now_ms() - found.at < LIFE_MS ? (found.answer as T) : null
  }

  put(key: string, answer: unknown): void {
    this.#answers.delete(key)
    this.#answers.set(key, { answer, at: this.now_ms() })
    const oldest = this.#answers.keys().next()
    if (this.#answers.size > MOST && !oldest.done) this.#answers.delete(oldest.value)
  }

  clear(): void {
    this.#answers.clear()
  }
}

export const recentAnswers = new RecentAnswers()
