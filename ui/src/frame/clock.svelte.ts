/**
 * The server's time, as a value that moves once a second while the page is seen.
 *
 * Ages are told by the clock of the server, which stands near the workers; the browser's own
 * may be minutes off.
 */

/** The time may come late over a slow line; what differs by more was thought wrong, in seconds. */
const WRONG_S = 30

class Clock {
  /** Unix seconds. */
  now = $state(Date.now() / 1000)
  /** Up to when it is known what runs: what lasts grows until then, and no further. */
  known = $derived.by(() => Math.min(this.held ?? Infinity, this.now))
  private held: number | null = $state(null)
  private offset = 0
  /** The offset by which times were last asked about. */
  private believed = 0
  private readonly listeners = new Set<() => void>()

  start(): () => void {
    const timer = setInterval(() => {
      if (!document.hidden) this.tick()
    }, 1000)
    const onSeen = (): void => this.tick()
    document.addEventListener('visibilitychange', onSeen)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', onSeen)
    }
  }

  /** Set by what the server says its time is. */
  set(serverNow: number): void {
    this.offset = serverNow - Date.now() / 1000
    this.tick()
    if (Math.abs(this.offset - this.believed) < WRONG_S) return
    this.believed = this.offset
    for (const tell of this.listeners) tell()
  }

  /** Tell when the time turned out to be another one, until the function that is given back is called:
   * what was asked for was of the wrong one. */
  onCorrected(tell: () => void): () => void {
    this.listeners.add(tell)
    return () => this.listeners.delete(tell)
  }

  /** Nothing is known since then; null: what is shown is what is. */
  hold(since: number | null): void {
    this.held = since
  }

  private tick(): void {
    this.now = Date.now() / 1000 + this.offset
  }
}

export const clock = new Clock()
