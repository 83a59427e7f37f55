/**
 * The server's time, as a value that moves once a second while the page is seen.
 *
 * Ages are told by the clock of the server, which stands near the workers; the browser's own
 * may be minutes off.
 */

class Clock {
  /** Unix seconds. */
  now = $state(Date.now() / 1000)
  /** Up to when it is known what runs: what lasts grows until then, and no further. */
  known = $derived.by(() => Math.min(this.held ?? Infinity, this.now))
  private held: number | null = $state(null)
  private offset = 0

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
