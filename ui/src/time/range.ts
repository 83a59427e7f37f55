/**
 * The span of time that a page shows: the last so many minutes, hours or days, or from one moment
 * to another. It is a part of the address (`?range=1h`, or `?from=1795344336&to=1795347936`, Unix
 * seconds), so that Back takes it back and links carry it on. All that is here is pure; the
 * button to choose with is `TimeRange.svelte`, and what ties both to the address `page_range.svelte.ts`:
 *
 *     const time = new PageRange(lastOf('1h'))       // what the address means when it says nothing
 *     const span = $derived(spanOf(time.range, clock.now))            // { from, to }, Unix seconds
 *     <TimeRange range={time.range} onchange={(range) => time.choose(range)} />
 *     <Chart ... onrange={({ start, end }) => time.choose(between(start, end))} />
 *     <a href="tasks{writeSearch({ q: `name:a ${termOf(time.range, 'finished', zone)}` ... })}">
 *
 * An address that is nonsense means what saying nothing means: no link may break a page.
 */

import { formatSecond, formatTimestamp, offsetWhereTwice, type Zone } from '../format/time'
import { searchOf } from '../frame/address'

/** `word` as it stands in the address: "15m", "1h", "7d". */
export interface LastRange {
  kind: 'last'
  word: string
  length_s: number
}

/** Unix seconds; without `to` until now. */
export interface BetweenRange {
  kind: 'between'
  from: number
  to: number | null
}

export type Range = LastRange | BetweenRange

/** What the button offers. */
export const PRESETS = ['15m', '1h', '6h', '24h', '7d', '30d'] as const
export const SHORTEST_S = 60
export const LONGEST_S = 366 * 86_400

const UNITS = { m: 60, h: 3_600, d: 86_400 } as const
const WORDS = { m: 'minute', h: 'hour', d: 'day' } as const
type Unit = keyof typeof UNITS

/** "1h" as a range; null for what is no length, or one out of bounds. */
export function parseLast(word: string): LastRange | null {
  const [, number = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(word) ?? []
  const length_s = Number(number) * (UNITS[unit as Unit] ?? 0)
  return length_s >= SHORTEST_S && length_s <= LONGEST_S ? { kind: 'last', word, length_s } : null
}

export function lastOf(word: (typeof PRESETS)[number]): LastRange {
  return { kind: 'last', word, length_s: parseLast(word)?.length_s ?? 3_600 }
}

/** From a moment to another, in whole seconds, at least a minute. */
export function between(from: number, to: number | null): BetweenRange {
  const start = Math.floor(from)
  return { kind: 'between', from: start, to: to === null ? null : Math.max(start + SHORTEST_S, Math.ceil(to)) }
}

/** The range of an address ("?range=1h"); `usual` where it says none, or none that there can be. */
export function readRange<Usual extends Range | null>(parameters: string, usual: Usual): Range | Usual {
  const read = new URLSearchParams(parameters)
  const last = parseLast(read.get('range') ?? '')
  if (last) return last
  const [from, to] = [moment(read.get('from')), moment(read.get('to'))]
  if (from === null || (to !== null && to <= from)) return usual
  return between(from, to)
}

/** The address's parameters with this range in place of theirs, everything else as it was. */
export function withRange(parameters: string, range: Range | null, usual: Range | null): string {
  const written = new URLSearchParams(parameters)
  for (const name of ['range', 'from', 'to']) written.delete(name)
  if (range !== null && !isSame(range, usual)) {
    if (range.kind === 'last') written.set('range', range.word)
    else {
      written.set('from', String(range.from))
      if (range.to !== null) written.set('to', String(range.to))
    }
  }
  return searchOf(written)
}

export function isSame(one: Range | null, other: Range | null): boolean {
  if (one === null || other === null) return one === other
  if (one.kind === 'last') return other.kind === 'last' && one.length_s === other.length_s
  return other.kind === 'between' && one.from === other.from && one.to === other.to
}

/** What a range spans at `now`, in Unix seconds. */
export function spanOf(range: Range, now: number): { from: number; to: number } {
  if (range.kind === 'last') return { from: now - range.length_s, to: now }
  return { from: range.from, to: range.to ?? Math.max(now, range.from + SHORTEST_S) }
}

/**
 * "Last 15 minutes", "Last hour", "2026-11-29 14:00 to 15:30", "Since 2026-11-29 14:00"; without the
 * day where that is the one of `now`, and with the offset in an hour that comes twice.
 */
export function rangeWords(range: Range, zone: Zone, now?: number): string {
  if (range.kind === 'last') {
    const number = Number(range.word.slice(0, -1))
    const noun = WORDS[range.word.slice(-1) as Unit]
    return number === 1 ? `Last ${noun}` : `Last ${number} ${noun}s`
  }
  const today = now === undefined ? '' : shortStamp(now, zone).slice(0, 10)
  const from = shortStamp(range.from, zone)
  const wordsOf = (at: number, day: string): string => {
    const stamp = shortStamp(at, zone)
    const offset = formatSecond(at, zone).slice(19)
    return (stamp.startsWith(day) && day !== '' ? stamp.slice(11) : stamp.replace('T', ' ')) + offset
  }
  if (range.to === null) return `Since ${wordsOf(range.from, today)}`
  const isToday = from.startsWith(today) && shortStamp(range.to, zone).startsWith(today)
  return `${wordsOf(range.from, isToday ? today : '')} to ${wordsOf(range.to, from.slice(0, 10))}`
}

/**
 * The range as a term of a search: "updated:-1h..", "finished:2026-11-29T14:00..2026-11-29T15:30".
 * Its times are in `zone`, which the search has to name as its `tz`; in an hour that comes twice they
 * have their offset.
 */
export function termOf(range: Range, field: string, zone: Zone): string {
  if (range.kind === 'last') return `${field}:-${range.word}..`
  const written = (at: number): string => shortStamp(at, zone) + offsetWhereTwice(at, zone)
  return `${field}:${written(range.from)}..${range.to === null ? '' : written(range.to)}`
}

/**
 * The range that such a term means; null for one that is written in another way, which is then
 * only text. `readMoment` says when a time without an offset is.
 */
export function rangeOfTerm(term: string, readMoment: (text: string) => number | null): Range | null {
  const [, from = '', to = ''] = /^-?\w+:"?(.*?)"?\.\."?(.*?)"?$/.exec(term) ?? []
  if (/^-/.test(from)) return to === '' || to === 'now' ? parseLast(from.slice(1)) : null
  const [start, end] = [readMoment(from), to === '' || to === 'now' ? null : readMoment(to)]
  if (start === null || (to !== '' && to !== 'now' && end === null)) return null
  return end !== null && end <= start ? null : { kind: 'between', from: start, to: end }
}

/** "2026-11-29T14:03" in the zone, with seconds where there are any: as a form's field has it, too. */
export function shortStamp(at: number, zone: Zone): string {
  const stamp = formatTimestamp(at, zone).replace(' ', 'T')
  return stamp.slice(17, 19) === '00' ? stamp.slice(0, 16) : stamp.slice(0, 19)
}

/** When "2026-11-29T14:03" is, in Unix seconds: of a form's field, or of a term. */
export function readStamp(text: string, zone: Zone): number | null {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Number(text)
  const [, clock, offset = ''] = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? []
  if (clock === undefined) return null
  const at = Date.parse(clock.replace(' ', 'T') + (offset.replace(/(\d\d)(\d\d)$/, '$1:$2') || (zone === 'utc' ? 'Z' : '')))
  return Number.isNaN(at) ? null : at / 1000
}

function moment(text: string | null): number | null {
  const at = text === null || text === '' ? NaN : Number(text)
  return Number.isFinite(at) && at >= 0 && at < 1e11 ? at : null
}
