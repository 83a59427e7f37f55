/** What became of times at which an entry was due, in words and marks. */

import type { JudgedTick, ScheduleRow } from '../api/schema'
import { formatDuration } from '../format/duration'
import { plural } from '../format/number'

export interface Verdict {
  word: string
  /** The token of its colour. */
  tone: string
  /** How high its bar is, of 1, and whether it is an outline alone: nothing ran. */
  height: number
  hollow?: boolean
}

/** By the letters of `ScheduleRow.bars`. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  o: { word: 'on time', tone: 'success', height: 0.5 },
  v: { word: 'overlapping', tone: 'started', height: 0.65 },
  l: { word: 'late', tone: 'retry', height: 0.75 },
  w: { word: 'waiting', tone: 'received', height: 0.85, hollow: true },
  d: { word: 'sent twice', tone: 'revoked', height: 1 },
  f: { word: 'failed', tone: 'failure', height: 1 },
  m: { word: 'missed', tone: 'failure', height: 1, hollow: true },
  u: { word: 'unknown', tone: 'unknown', height: 0.3, hollow: true },
}
const OTHER: Verdict = { word: 'unknown', tone: 'unknown', height: 0.3, hollow: true }

export function verdictOf(letter: string): Verdict {
  return VERDICTS[letter] ?? OTHER
}

/** The letter of one time, as the server gives it for lists. */
export function letterOf(tick: Pick<JudgedTick, 'verdict' | 'state' | 'doubled' | 'overlaps'>): string {
  if (tick.verdict === 'missed' || tick.verdict === 'unknown' || tick.verdict === 'waiting') return tick.verdict.charAt(0)
  if (tick.state === 'FAILURE') return 'f'
  if (tick.doubled > 0) return 'd'
  if (tick.verdict === 'late') return 'l'
  return tick.overlaps ? 'v' : 'o'
}

/** "58 on time, 1 late, 1 missed": for those who do not see the bars. */
export function barsSentence(bars: string): string {
  if (bars === '') return 'No run is known yet.'
  const counts = new Map<string, number>()
  for (const letter of bars) counts.set(verdictOf(letter).word, (counts.get(verdictOf(letter).word) ?? 0) + 1)
  const parts = [...counts].map(([word, count]) => `${count} ${word}`)
  return `Last ${plural(bars.length, 'time')}: ${parts.join(', ')}.`
}

/** What is wrong with an entry now, in a word; empty where nothing is. */
export function troubleWord(row: Pick<ScheduleRow, 'bars' | 'entry'>): string {
  if (!row.entry.enabled) return ''
  const last = verdictOf(row.bars.at(-1) ?? 'o')
  return last.word === 'on time' ? '' : last.word
}

/** "3 s", "on time" below a second, and a dash where nothing is known. */
export function lateWords(seconds: number | null): string {
  if (seconds === null) return '–'
  return seconds < 1 ? '< 1 s' : formatDuration(seconds)
}

/** "Europe/Berlin" beside a crontab; nothing where it is UTC, or goes by no clock. */
export function zoneWords(row: Pick<ScheduleRow, 'zone'>): string {
  return row.zone === 'UTC' ? '' : row.zone
}

export const SOURCES: Readonly<Record<string, string>> = {
  application: 'in code',
  django: 'django-celery-beat',
  redbeat: 'RedBeat',
  learned: 'learned',
}
