/** Durations with sense: two digits that matter, in the unit that a person would choose. */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "82 ms", "3.1 s", "42 s", "2 min 5 s", "2 h 4 min", "3 d 1 h" for `seconds`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 0) return `−${formatDuration(-seconds)}`
  if (seconds === 0) return '0 s'
  if (seconds < 0.0009995) return `${Math.max(1, Math.round(seconds * 1e6))} µs`
  if (seconds < 0.00995) return `${(seconds * 1e3).toFixed(1)} ms`
  if (seconds < 0.9995) return `${Math.round(seconds * 1e3)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return pair(whole, MINUTE, 'min', 1, 's')
  if (whole < DAY) return pair(Math.round(whole / MINUTE) * MINUTE, HOUR, 'h', MINUTE, 'min')
  return pair(Math.round(whole / HOUR) * HOUR, DAY, 'd', HOUR, 'h')
}

/** A round duration in one unit, for an axis: "90 s", "1.5 min", "6 h". */
export function formatTick(seconds: number): string {
  if (seconds < 2 * MINUTE) return seconds >= 10 ? `${Math.round(seconds)} s` : formatDuration(seconds)
  const [unit, name] = seconds < 2 * HOUR ? [MINUTE, 'min'] : seconds < 2 * DAY ? [HOUR, 'h'] : [DAY, 'd']
  return `${Number((seconds / Number(unit)).toFixed(1))} ${name}`
}

/** All of `seconds` down to a unit of which `step` is a multiple, for the axis of what is far from 0: "1 h 5 s". */
export function formatExact(seconds: number, step: number): string {
  const digits = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step)))
  const rounded = Number(seconds.toFixed(digits))
  if (rounded < 1 && step < 1) return rounded === 0 ? '0' : `${Number((rounded * 1e3).toFixed(Math.max(0, digits - 3)))} ms`
  const parts: [number, string][] = [[Math.floor(rounded / DAY), 'd'], [Math.floor((rounded % DAY) / HOUR), 'h'], [Math.floor((rounded % HOUR) / MINUTE), 'min']]
  const rest = Number((rounded % MINUTE).toFixed(digits))
  const words = parts.flatMap(([count, unit]) => (count > 0 ? [`${count} ${unit}`] : []))
  if (rest > 0) words.push(`${rest.toFixed(digits)} s`)
  return words.join(' ') || '0'
}

/** A duration that still grows, in whole seconds: "0 s", "42 s", "2 min 5 s". */
export function formatElapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return whole < MINUTE ? `${whole} s` : formatDuration(whole)
}

function pair(value: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((value % big) / small)
  const head = `${Math.floor(value / big)} ${bigName}`
  return rest === 0 ? head : `${head} ${rest} ${smallName}`
}
