/**
 * Python tracebacks, read into the exceptions of a chain and their frames, as Python's `traceback`
 * module writes them: chains (`raise ... from`), groups (PEP 654) whose parts stand behind a margin,
 * and what another process raised, in quotes. Reading takes time by the length of the text alone.
 */

import { framesIn, type Frame, type Group } from './frames'

/** One exception of a chain. */
export interface Section {
  groups: Group[]
  /** "ValueError: no such order", with whatever lines belong to it. */
  error: string
  /** How it led to the exception that came after it; null for the last one. */
  link: 'cause' | 'context' | null
  /** The chains of an exception group's parts. */
  parts: Section[][]
}

export interface Traceback {
  /** The error that counts first; behind it what caused it. */
  sections: Section[]
  /** The text was too long to be kept: its length, as the text says it. */
  cut: string | null
}

interface ReadSection {
  section: Section
  next: number
}

const START = 'Traceback (most recent call last):'
const GROUP_START = `Exception Group ${START}`
const LINKS = new Map<string, Section['link']>([
  ['The above exception was the direct cause of the following exception:', 'cause'],
  ['During handling of the above exception, another exception occurred:', 'context'],
])
const REMOTE = /^[\w.]+: ?$/
const QUOTES = '"""'
const FIRST_PART = /^\+-\+-+ (?:\d+|\.\.\.) -+$/
const NEXT_PART = /^\+-+ (?:\d+|\.\.\.) -+$/
const END_OF_PARTS = /^\+-+$/
const CUT = /… \[cut by Umbel, ([\d,]{1,20}) characters\]$/
/** Groups within groups beyond this are no error that somebody made. */
const DEEPEST = 20

/** What a traceback says, or null when the text is none that can be read. */
export function parseTraceback(text: string): Traceback | null {
  const whole = text.trimEnd()
  const cut = CUT.exec(whole.slice(-80))
  const lines = (cut ? whole.slice(0, -cut[0].length) : whole).split('\n')
  const sections = readChain(lines, 0)
  return sections && { sections, cut: cut?.[1] ?? null }
}

function readChain(lines: readonly string[], depth: number): Section[] | null {
  if (depth > DEEPEST) return null
  const sections: Section[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    if (line.trim() === '') at++
    else {
      const read = line.trimStart() === `+ ${GROUP_START}` ? readGroup(lines, at, depth) : readPart(lines, at, depth)
      if (read === null) return null
      sections.unshift(...read.sections)
      at = read.next
    }
  }
  return sections.length > 0 ? sections : null
}

interface ReadPart {
  /** The last first. */
  sections: Section[]
  next: number
}

function readPart(lines: readonly string[], at: number, depth: number): ReadPart | null {
  const line = lines[at] ?? ''
  if (line === START || line === GROUP_START) {
    const read = readSection(lines, at + 1, depth)
    return read && { sections: [read.section], next: read.next }
  }
  return REMOTE.test(line) && lines[at + 1] === QUOTES ? readRemote(lines, at, depth) : null
}

/** What another process raised: its traceback stands in quotes. */
function readRemote(lines: readonly string[], start: number, depth: number): ReadPart | null {
  const end = lines.indexOf(QUOTES, start + 2)
  const inner = end < 0 ? null : readChain(lines.slice(start + 2, end), depth + 1)
  if (!inner?.[0]) return null
  const { error, link, next } = readError(lines, end + 1)
  if (error !== '') return null
  return { sections: [{ ...inner[0], link }, ...inner.slice(1)], next }
}

/** An exception group that stands at the margin of the text; what links it to the next does not. */
function readGroup(lines: readonly string[], start: number, depth: number): ReadPart | null {
  let end = start
  while (end < lines.length && /^ +[+|]/.test(lines[end] ?? '')) end++
  const inner = readChain(lines.slice(start, end).map(withoutMargin), depth + 1)
  if (!inner?.[0]) return null
  const { error, link, next } = readError(lines, end)
  if (error !== '') return null
  return { sections: [{ ...inner[0], link }, ...inner.slice(1)], next }
}

function readSection(lines: readonly string[], start: number, depth: number): ReadSection | null {
  const read = framesIn(lines, start)
  if (read === null) return null
  const { error, link, parts, next } = readError(lines, read.next, depth)
  if (read.groups.length === 0 && error === '') return null
  return { section: { groups: read.groups, error, link, parts }, next }
}

interface ReadError {
  error: string
  link: Section['link']
  parts: Section[][]
  next: number
}

/** The lines of an error, until the next exception begins. */
function readError(lines: readonly string[], start: number, depth = 0): ReadError {
  const error: string[] = []
  let parts: Section[][] = []
  let at = start
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const link = LINKS.get(line)
    if (link !== undefined) return { error: joined(error), link, parts, next: at + 1 }
    if (line === START || line === GROUP_START) break
    if (FIRST_PART.test(line)) {
      const read = readParts(lines, at + 1, depth)
      parts = read.parts
      at = read.next
    } else {
      error.push(line)
      at++
    }
  }
  return { error: joined(error), link: null, parts, next: at }
}

/** The parts of an exception group, each a chain of its own. */
function readParts(lines: readonly string[], start: number, depth: number): { parts: Section[][]; next: number } {
  const texts: string[][] = [[]]
  let at = start
  for (; at < lines.length && /^ +[+|]/.test(lines[at] ?? ''); at++) {
    const line = withoutMargin(lines[at] ?? '')
    if (NEXT_PART.test(line)) texts.push([])
    else if (!END_OF_PARTS.test(line)) texts.at(-1)?.push(line)
  }
  const parts = texts.map((text) => readChain(text, depth + 1) ?? [{ groups: [], error: joined(text), link: null, parts: [] }])
  return { parts, next: at }
}

/** `  | ValueError` is `ValueError` of a part, `    | x` is `  | x` of a part of that. */
function withoutMargin(line: string): string {
  return line.slice(2).replace(/^\| ?|^\+ /, '')
}

function joined(lines: readonly string[]): string {
  return lines.join('\n').trim()
}

/** All frames of a chain, with those of its groups' parts. */
export function framesOf(sections: readonly Section[]): Frame[] {
  return sections.flatMap(({ groups, parts }) => [...groups.flatMap(({ frames }) => frames), ...parts.flatMap(framesOf)])
}

/** Whether an error, as a traceback ends with it, says no more than the exception's repr. */
export function isSameMessage(error: string, exception: string): boolean {
  const [, name, message = ''] = /^(?:[\w.]*\.)?(\w+)(?:: (.*))?$/s.exec(error) ?? []
  if (name === undefined || !exception.startsWith(`${name}(`)) return false
  // Celery ends the repr of a single argument as a tuple: `TimeLimitExceeded(6,)`.
  const bare = (text: string): string => text.replace(/\\.|['"\s]|,(?=\))/g, '')
  return bare(exception).includes(bare(message))
}
