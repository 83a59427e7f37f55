/** A search text cut into its chips and what stands between them (spaces, OR, brackets). */

import type { Chip } from '../api/types'

export interface Segment {
  text: string
  /** Null for what stands between chips. */
  chip: Chip | null
}

/** All of `text`, in order. Chips that overlap an earlier one or lie outside are left out. */
export function segments(text: string, chips: readonly Chip[]): Segment[] {
  const all: Segment[] = []
  let at = 0
  for (const chip of [...chips].sort((a, b) => a.start - b.start)) {
    if (chip.start < at || chip.end > text.length) continue
    if (chip.start > at) all.push({ text: text.slice(at, chip.start), chip: null })
    all.push({ text: text.slice(chip.start, chip.end), chip })
    at = chip.end
  }
  if (at < text.length) all.push({ text: text.slice(at), chip: null })
  return all
}
