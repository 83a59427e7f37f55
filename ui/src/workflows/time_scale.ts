/**
 * The time axis of a workflow, from 0 to 1. Long times in which nothing ran are drawn short and
 * marked, so that a countdown of an hour does not make seconds of work invisible.
 */

import { formatExact } from '../format/duration'

export interface Piece {
  /** Unix seconds, and where these stand. */
  from: number
  to: number
  start: number
  end: number
  /** Nothing ran in it, and it is drawn short. */
  idle: boolean
}

export interface TimeScale {
  from: number
  to: number
  pieces: readonly Piece[]
}

/** A part of the axis that is shown. */
export interface View {
  start: number
  end: number
}

export interface Tick {
  at: number
  /** Empty where there is no room for it. */
  label: string
}

export const WHOLE: View = { start: 0, end: 1 }
/** A gap is short when it is a smaller part of the working time, or takes fewer seconds. */
const LONG_PART = 0.5
const LONG_S = 2
const GAPS_MAX = 8
/** How much of the axis a gap gets at most, and all of them. */
const GAP_WIDTH = 0.05
const GAPS_WIDTH = 0.24
const NARROWEST: number = 0.002
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]
/** At most so many ticks, and one in so many pixels. */
const TICKS_MAX = 8
const TICK_PX = 88
/** How wide a character of a label is about, and what is free beside it, in pixels. */
const CHARACTER_PX = 6.5
const BESIDE_PX = 10

/** The scale of what ran (each from when to when), from the beginning to the end of all. */
export function timeScale(ran: readonly (readonly [number, number])[], from: number, to: number): TimeScale {
  const end = Math.max(to, from + 0.001)
  const gaps = longGaps(ran, from, end)
  const working = end - from - gaps.reduce((sum, gap) => sum + gap[1] - gap[0], 0)
  const gapWidth = Math.min(GAP_WIDTH, GAPS_WIDTH / Math.max(1, gaps.length))
  const room = 1 - gaps.length * gapWidth
  const pieces: Piece[] = []
  let [at, place] = [from, 0]
  const add = (until: number, width: number, idle: boolean): void => {
    if (until > at) pieces.push({ from: at, to: until, start: place, end: place + width, idle })
    place = until > at ? place + width : place
    at = Math.max(at, until)
  }
  for (const [low, high] of gaps) {
    add(low, (Math.max(0, low - at) / working) * room, false)
    add(high, gapWidth, true)
  }
  add(end, 1 - place, false)
  return { from, to: end, pieces }
}

/** Times in which nothing ran that are worth leaving out, in order. */
function longGaps(ran: readonly (readonly [number, number])[], from: number, to: number): [number, number][] {
  const gaps: [number, number][] = []
  let reached = from
  for (const [low, high] of [...ran].sort((a, b) => a[0] - b[0])) {
    if (low > reached) gaps.push([reached, Math.min(low, to)])
    reached = Math.max(reached, high)
  }
  const idle = gaps.reduce((sum, gap) => sum + gap[1] - gap[0], 0)
  const least = Math.max(LONG_S, LONG_PART * Math.max(0, to - from - idle))
  return gaps
    .filter(([low, high]) => high - low > least)
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]))
    .slice(0, GAPS_MAX)
    .sort((a, b) => a[0] - b[0])
}

/** Where a time stands, 0 to 1. */
export function placeOf(scale: TimeScale, at: number): number {
  const piece = scale.pieces.find(({ to }) => at <= to) ?? scale.pieces.at(-1)
  if (piece === undefined) return 0
  const part = (at - piece.from) / (piece.to - piece.from)
  return Math.min(1, Math.max(0, piece.start + Math.min(1, Math.max(0, part)) * (piece.end - piece.start)))
}

/** Where it stands in what is shown: outside of 0 to 1 it is not seen. */
export function inView(view: View, place: number): number {
  return (place - view.start) / (view.end - view.start)
}

/** The background of a row, on which times in which nothing ran are marked. */
export function gapsBehind(scale: TimeScale, view: View): string {
  const stops = scale.pieces.filter(({ idle }) => idle).flatMap((piece) => {
    const [left, right] = [piece.start, piece.end].map((at) => `${(inView(view, at) * 100).toFixed(3)}%`)
    return [`transparent ${left}`, `var(--sunken) ${left} ${right}`, `transparent ${right}`]
  })
  return stops.length === 0 ? 'none' : `linear-gradient(90deg, ${stops.join(', ')})`
}

/** A view between two places in any order, as wide as it must be at least. */
export function viewOf(one: number, other: number): View {
  const start = Math.max(0, Math.min(one, other, 1 - NARROWEST))
  return { start, end: Math.min(1, Math.max(one, other, start + NARROWEST)) }
}

/** The view after a step nearer (`factor` below 1) or further. */
export function zoomed(view: View, factor: number): View {
  const middle = (view.start + view.end) / 2
  const half = Math.min(0.5, ((view.end - view.start) / 2) * factor)
  const start = Math.min(Math.max(0, middle - half), 1 - 2 * half)
  return viewOf(start, start + 2 * half)
}

/**
 * Round times since the beginning, where they stand in a view of so many pixels. Labels meet neither
 * each other nor a gap, and say as much as tells them apart: after an hour in which nothing ran they
 * are "1 h 5 s" and "1 h 10 s". A piece without a round time has one label where it begins.
 */
export function ticks(scale: TimeScale, view: View, width_px: number): Tick[] {
  const shown = scale.pieces.filter((piece) => !piece.idle && piece.end > view.start && piece.start < view.end)
  const step = stepOf(shown.reduce((sum, piece) => sum + (piece.to - piece.from) * overlap(piece, view), 0), width_px)
  const found: Tick[] = []
  let free_px = 0
  for (const piece of shown) {
    const end_px = Math.min(1, inView(view, piece.end)) * width_px
    let isLabelled = false
    const add = (since: number, byAll: number): void => {
      const at = inView(view, placeOf(scale, scale.from + since))
      if (at < -1e-9 || at > 1) return
      const label = formatExact(since, byAll)
      const [from_px, to_px] = [at * width_px, at * width_px + labelWidth(label)]
      const fits = from_px >= free_px - 0.5 && to_px <= end_px
      if (fits) [free_px, isLabelled] = [to_px, true]
      if (fits || byAll === step) found.push({ at, label: fits ? label : '' })
    }
    for (const since of roundTimes(scale, piece, view, step)) add(since, step)
    if (!isLabelled) add(timeAt(piece, view.start) - scale.from, step / 10)
  }
  return found
}

/** How wide a label is about, with what is free beside it. */
export function labelWidth(label: string): number {
  return label.length * CHARACTER_PX + BESIDE_PX
}

function stepOf(seconds: number, width_px: number): number {
  const least = seconds / Math.max(2, Math.min(TICKS_MAX, Math.floor(width_px / TICK_PX)))
  return least < 1 ? finer(least) : (STEPS.find((one) => one >= least) ?? finer(least))
}

/** Those of the part of a piece that is seen. */
function roundTimes(scale: TimeScale, piece: Piece, view: View, step: number): number[] {
  const first = Math.ceil((timeAt(piece, view.start) - scale.from) / step - 1e-6)
  const last = Math.floor((timeAt(piece, view.end) - scale.from) / step + 1e-6)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => (first + n) * step)
}

/** The time at a place of a piece. */
function timeAt(piece: Piece, place: number): number {
  const part = (place - piece.start) / Math.max(1e-9, piece.end - piece.start)
  return piece.from + Math.min(1, Math.max(0, part)) * (piece.to - piece.from)
}

function overlap(piece: Piece, view: View): number {
  const width = piece.end - piece.start
  return width <= 0 ? 0 : (Math.min(piece.end, view.end) - Math.max(piece.start, view.start)) / width
}

/** 1, 2 or 5 of a power of ten. */
function finer(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)))
  return power * ([1, 2, 5, 10].find((one) => one * power >= least) ?? 10)
}
