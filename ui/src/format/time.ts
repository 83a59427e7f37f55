/** Moments as people read them: relative in lists, absolute where it matters, local or UTC. */

import { formatDuration } from './duration'

export type Zone = 'local' | 'utc'

/** The zone as the server knows it: "Europe/Berlin". */
export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
}

const DAY = 86_400

/** "now", "12 s ago", "3 min ago", "2 h ago", "5 d ago"; "in 3 min" for what is to come. */
export function formatAgo(moment: number, now: number): string {
  const age = now - moment
  const size = Math.abs(age)
  if (size < 1) return 'now'
  if (age > 0) return `${coarse(size)} ago`
  // What lasts for a week is over in 7 days, also a few seconds after it began.
  return size < 2 * DAY ? `in ${coarse(size)}` : `in ${Math.round(size / DAY)} d`
}

/** Clocks of machines may differ by so much without a word. */
const CLOCKS_DIFFER_S = 60

/**
 * How far ahead of `now` a moment lies that has been, as words; null where clocks differ no more
 * than they always do. Such a moment was told by a clock that is off (or `now` was).
 */
export function aheadBy(moment: number, now: number): string | null {
  const ahead = moment - now
  return ahead <= CLOCKS_DIFFER_S ? null : coarse(ahead)
}

/** The same as `formatAgo` of what has been: "just now", "3 min ago", and "clock ahead" where it
 * would lie in the future. */
export function formatPast(moment: number, now: number): string {
  if (now - moment >= 1) return formatAgo(moment, now)
  return aheadBy(moment, now) === null ? 'just now' : 'clock ahead'
}

/** The same in a sentence: "3 min ago", "(by a clock that is 51 min ahead)". */
export function pastPhrase(moment: number, now: number): string {
  const ahead = aheadBy(moment, now)
  return ahead === null ? formatPast(moment, now) : `(by a clock that is ${ahead} ahead)`
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 2 * DAY) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / DAY)} d`
}

/**
 * "2026-11-22 14:03:07.250" in the zone, with "UTC" behind it where that is meant, and with the
 * offset ("UTC+2") in an hour that comes twice.
 */
export function formatTimestamp(moment: number, zone: Zone): string {
  const date = dated(moment)
  if (date === null) return `${moment} s`
  return zone === 'utc' ? `${stamp(date, true)} UTC` : stamp(date, false) + offsetIfTwice(date)
}

/** "14:03:07.250": the time of day alone. */
export function formatClock(moment: number, zone: Zone): string {
  const date = dated(moment)
  return date === null
    ? `${moment} s`
    : stamp(date, zone === 'utc').slice(11) + (zone === 'utc' ? '' : offsetIfTwice(date))
}

/** "14:03:07": the time of day in whole seconds. */
export function formatTime(moment: number, zone: Zone): string {
  return dated(moment) === null ? `${moment} s` : formatClock(moment, zone).slice(0, 8)
}

/** "2026-11-22 14:03:07": in whole seconds, and with the offset in an hour that comes twice. */
export function formatSecond(moment: number, zone: Zone): string {
  return formatTimestamp(moment, zone).replace(/\.\d{3}( UTC$)?/, '')
}

/** "14:03:07" today, "2026-11-22 14:03:07" on another day, in the zone. */
export function formatSince(moment: number, now: number, zone: Zone): string {
  const [then, today] = [dated(moment), dated(now)]
  if (then === null || today === null) return `${moment} s`
  const [stamped, other] = [stamp(then, zone === 'utc'), stamp(today, zone === 'utc')]
  return stamped.slice(0, 10) === other.slice(0, 10) ? stamped.slice(11, 19) : stamped.slice(0, 19)
}

/** For `<time datetime>`; undefined when no calendar has this moment. */
export function isoTimestamp(moment: number): string | undefined {
  return dated(moment)?.toISOString()
}

/** "+1.2 s" after `start`, "−30 ms" before it (clocks differ), "±0" at it. */
export function formatOffset(moment: number, start: number): string {
  const offset = moment - start
  if (Math.abs(offset) < 5e-7) return '±0'
  return offset > 0 ? `+${formatDuration(offset)}` : formatDuration(offset)
}

function dated(moment: number): Date | null {
  const date = new Date(moment * 1000)
  return Number.isNaN(date.getTime()) ? null : date
}

/** " UTC+2" where the clock shows this time twice, since it is set back; else nothing. */
function offsetIfTwice(date: Date): string {
  return isTwice(date) ? ` UTC${signed(date, '−').replace(/^(.)0/, '$1').replace(':00', '')}` : ''
}

/** "+02:00" where a clock in the zone shows this time twice, else nothing: what makes a time without
 * an offset mean this moment alone. */
export function offsetWhereTwice(moment: number, zone: Zone): string {
  const date = zone === 'utc' ? null : dated(moment)
  return date !== null && isTwice(date) ? signed(date, '-') : ''
}

function isTwice(date: Date): boolean {
  const offset = date.getTimezoneOffset()
  return [30, 60].some((minutes) =>
    [-minutes, minutes].some((step) => {
      const other = new Date(date.getTime() + step * 60_000).getTimezoneOffset()
      return other - offset === step
    }),
  )
}

/** The offset of the browser's zone then: "+02:00". */
function signed(date: Date, minus: string): string {
  const minutes = -date.getTimezoneOffset()
  const two = (number: number): string => `${Math.floor(number)}`.padStart(2, '0')
  return `${minutes < 0 ? minus : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
}

function stamp(date: Date, utc: boolean): string {
  const shifted = utc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().replace('T', ' ').replace('Z', '')
}
