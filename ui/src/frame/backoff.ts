/** How long to wait before the next try. */

const FIRST_S = 0.5
const LONGEST_S = 20

/** Seconds before try number `tries` (from 0); `chance` in [0, 1) spreads many browsers out. */
export function backoff(tries: number, chance: number): number {
  const whole = Math.min(LONGEST_S, FIRST_S * 2 ** tries)
  return whole * (0.5 + chance / 2)
}
