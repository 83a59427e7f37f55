/** The strip of a day: where its buckets lie, and what each of them says. */

import type { DueStrip } from '../api/schema'
import { formatNumber } from '../format/number'

/** Its drawing is so wide and high, in units of its own. */
export const STRIP = { width: 960, height: 48, base: 44 } as const

/** What became of the times of a bucket, from the bottom of its bar to the top. */
export const KINDS = ['ran', 'unknown', 'coming', 'late', 'missed'] as const
export type Kind = (typeof KINDS)[number]

export const WORDS: Readonly<Record<Kind, string>> = { ran: 'ran', unknown: 'not known', coming: 'to come', late: 'late', missed: 'missed' }

export interface StripPart {
  kind: Kind
  y: number
  height: number
}

export interface StripBar {
  x: number
  width: number
  at: number
  parts: readonly StripPart[]
  sentence: string
}

export function stripBars(strip: DueStrip): StripBar[] {
  const width = STRIP.width / Math.max(1, strip.due.length)
  const most = Math.max(1, ...strip.due)
  return strip.due.flatMap((due, index) => {
    if (due === 0) return []
    const counts = countsOf(strip, index)
    const height = Math.max(6, (due / most) * (STRIP.base - 6))
    const parts: StripPart[] = []
    let y: number = STRIP.base
    for (const kind of KINDS) {
      const part = (counts[kind] / due) * height
      if (part > 0) parts.push({ kind, y: (y -= part), height: part })
    }
    return [{ x: index * width, width: Math.max(1, width - 1), at: strip.start + index * strip.bucket_s, parts, sentence: sentenceOf(counts) }]
  })
}

/** Of all buckets, or of one. */
export function countsOf(strip: DueStrip, only?: number): Record<Kind, number> {
  const sum = (counts: readonly number[]): number => (only === undefined ? counts.reduce((all, each) => all + each, 0) : (counts[only] ?? 0))
  const others = { unknown: sum(strip.unknown), coming: sum(strip.coming), late: sum(strip.late), missed: sum(strip.missed) }
  return { ran: sum(strip.due) - others.unknown - others.coming - others.late - others.missed, ...others }
}

/** "3 ran, 1 missed, 2 to come". */
export function sentenceOf(counts: Readonly<Record<Kind, number>>): string {
  return (['ran', 'late', 'missed', 'unknown', 'coming'] as const).flatMap((kind) => (counts[kind] > 0 ? [`${formatNumber(counts[kind])} ${WORDS[kind]}`] : [])).join(', ')
}

/** Where a moment lies on the strip, in its units. */
export function stripX(strip: DueStrip, at: number): number {
  const part = (at - strip.start) / (strip.due.length * strip.bucket_s)
  return Math.max(0, Math.min(1, part)) * STRIP.width
}

/** Every third hour of the day on the clock of the zone, from the left. */
export function stripHours(strip: DueStrip): number[] {
  const end = strip.start + strip.due.length * strip.bucket_s
  const hours: number[] = []
  for (let at = Math.ceil(strip.start / 10_800) * 10_800; at < end; at += 10_800) hours.push(at)
  return hours
}
