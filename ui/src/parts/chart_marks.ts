/** Marks of moments on a chart, such as deploys: which stand where, and their words. */

import { formatTime, formatTimestamp, type Zone } from '../format/time'
import { bucketAt, type Buckets } from './chart'

/** Something that happened from `at` to `until`, Unix seconds. */
export interface ChartMark {
  id: string
  at: number
  until: number
  title: string
  /** What stands on its flag, where there is room; empty: nothing. */
  flag: string
  /** Sentences about it. */
  details: readonly string[]
}

/** Marks that stand so near to each other that they have one flag, in pixels of the plot. */
export interface Flag {
  key: string
  left: number
  /** How wide the time is that it took; 0 where that is no more than a line. */
  width: number
  /** What stands on the flag. */
  label: string
  marks: readonly ChartMark[]
}

/** Nearer flags become one, pixels. */
export const FLAG_PX = 14
/** So wide is a letter on a flag, at most. */
const LETTER_PX = 8
const LETTERS_MAX = 10
/** So many are named in one sentence. */
const NAMED = 5

/** The flags of those that lie within the buckets, from left to right; `position` gives pixels. */
export function flagsOf(marks: readonly ChartMark[], buckets: Buckets, position: (at: number) => number, width: number): Flag[] {
  const groups: { left: number; right: number; marks: ChartMark[] }[] = []
  for (const mark of within(marks, buckets)) {
    const left = Math.max(0, Math.min(width, position(mark.at)))
    const right = Math.min(width, Math.max(left, position(mark.until)))
    const last = groups.at(-1)
    if (last && left - last.left < FLAG_PX) {
      last.marks.push(mark)
      last.right = Math.max(last.right, right)
    } else groups.push({ left, right, marks: [mark] })
  }
  return groups.map(({ left, right, marks: own }, index) => {
    const room = (groups[index + 1]?.left ?? width) - left - FLAG_PX
    const flag = own.length > 1 ? String(own.length) : short(own[0]?.flag ?? '')
    return {
      key: own.map(({ id }) => id).join(),
      left,
      width: right - left < 2 ? 0 : right - left,
      label: flag.length * LETTER_PX <= room ? flag : '',
      marks: own,
    }
  })
}

function short(flag: string): string {
  return flag.slice(0, LETTERS_MAX)
}

/** Those of the time that the buckets span, the first first. */
export function within(marks: readonly ChartMark[], { starts, length_s }: Buckets): ChartMark[] {
  const [first = 0] = starts
  const end = (starts.at(-1) ?? 0) + length_s
  return marks.filter(({ at, until }) => until >= first && at < end).toSorted((a, b) => a.at - b.at)
}

/** Those that began in one bucket. */
export function inBucket(marks: readonly ChartMark[], buckets: Buckets, index: number): ChartMark[] {
  return within(marks, buckets).filter(({ at }) => bucketAt(buckets, at) === index)
}

/** "Deploy of 5.7, 2026-11-22 10:31 to 10:34. 1 new name: shop.refund." */
export function markWords({ title, at, until, details }: ChartMark, zone: Zone): string {
  const began = formatTimestamp(at, zone).slice(0, 16)
  const ended = formatTime(until, zone).slice(0, 5)
  const when = ended === began.slice(11) ? began : `${began} to ${ended}`
  return [`${title}, ${when}.`, ...details.map(sentence)].join(' ')
}

/** All of several, the last first; of many only some. */
export function marksWords(marks: readonly ChartMark[], zone: Zone): string {
  const newest = marks.toReversed()
  const more = newest.length > NAMED ? [`And ${newest.length - NAMED} before.`] : []
  return [...newest.slice(0, NAMED).map((mark) => markWords(mark, zone)), ...more].join(' ')
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
