/**
 * The log of a task, put together from what the server gives piece by piece.
 *
 * A piece says of which run it is and its lines have numbers, so pieces that come late, or twice, find
 * their place, and what is missing between two numbers shows.
 */

import type { LogEntry, LoggedRun, TaskLog } from '../api/schema'
import { plural } from '../format/number'
import { formatClock, type Zone } from '../format/time'
import { visible } from '../format/visible'

export type Level = 'debug' | 'info' | 'warning' | 'error' | 'critical'

/** The words of levels and the numbers from which on they hold (Python's `logging`). */
export const LEVELS: Record<Level, { at: number; word: string }> = {
  debug: { at: 10, word: 'DEBUG' },
  info: { at: 20, word: 'INFO' },
  warning: { at: 30, word: 'WARNING' },
  error: { at: 40, word: 'ERROR' },
  critical: { at: 50, word: 'CRITICAL' },
}

/** One run of the task with the lines that are known, by their numbers. */
export interface Run extends LoggedRun {
  key: string
  lines: LogEntry[]
}

export interface LogFilter {
  level: Level
  text: string
}

/** What is shown: a line, or how many lines are not there before the next one. */
export type Row =
  | { kind: 'run'; key: string; run: Run; at: number }
  | { kind: 'line'; key: string; line: LogEntry }
  | { kind: 'gap'; key: string; count: number }

type Whose = Pick<LoggedRun, 'retries' | 'started' | 'worker' | 'pid'>

const keyOf = ({ retries, started, worker, pid }: Whose): string => `${retries}/${started}/${pid}/${worker}`

/** The runs with what another answer of the server adds, in the order in which they began. */
export function joined(runs: readonly Run[], answer: TaskLog): Run[] {
  const before = new Map(runs.map((run) => [run.key, run.lines]))
  return answer.runs.map((run) => {
    const key = keyOf(run)
    const more = answer.parts.filter((part) => keyOf(part) === key).flatMap((part) => part.lines)
    return { ...run, key, lines: merged(before.get(key) ?? [], more) }
  })
}

function merged(lines: LogEntry[], more: LogEntry[]): LogEntry[] {
  const last = lines.at(-1)?.number ?? 0
  if (more.length === 0) return lines
  if (more.every((line, at) => line.number > (more[at - 1]?.number ?? last))) return [...lines, ...more]
  const byNumber = new Map([...lines, ...more].map((line) => [line.number, line]))
  return [...byNumber.values()].sort((a, b) => a.number - b.number)
}

export function levelOf(level: number): Level {
  const found = (Object.keys(LEVELS) as Level[]).findLast((name) => level >= LEVELS[name].at)
  return found ?? 'debug'
}

export function fits(line: LogEntry, filter: LogFilter): boolean {
  if (line.level < LEVELS[filter.level].at && filter.level !== 'debug') return false
  return filter.text === '' || line.text.toLowerCase().includes(filter.text.toLowerCase())
}

/** The rows of a log; between lines of a filtered one nothing is said to be missing. */
export function rowsOf(runs: readonly Run[], filter: LogFilter): Row[] {
  const isWhole = filter.text === '' && filter.level === 'debug'
  return runs.flatMap((run, at): Row[] => {
    const rows: Row[] = runs.length > 1 ? [{ kind: 'run', key: run.key, run, at }] : []
    let next = 1
    for (const line of run.lines) {
      if (isWhole && line.number > next) rows.push(gap(run, next, line.number - next))
      next = line.number + 1
      if (fits(line, filter)) rows.push({ kind: 'line', key: `${run.key}:${line.number}`, line })
    }
    if (isWhole && run.written >= next) rows.push(gap(run, next, run.written + 1 - next))
    return rows
  })
}

const gap = (run: Run, from: number, count: number): Row => ({ kind: 'gap', key: `${run.key}:${from}-`, count })

/** The rows as a text to be copied or kept. */
export function logText(rows: readonly Row[], zone: Zone): string {
  return rows.map((row) => rowText(row, zone)).join('')
}

function rowText(row: Row, zone: Zone): string {
  if (row.kind === 'run') return `-- ${runTitle(row.run)} at ${visible(row.run.worker)} --\n`
  if (row.kind === 'gap') return `[${plural(row.count, 'line')} not here]\n`
  const { at, level, text, cut } = row.line
  const more = cut > 0 ? ` [and ${cut} characters]` : ''
  return `${formatClock(at, zone)} ${LEVELS[levelOf(level)].word} ${text}${more}\n`
}

export function runTitle(run: Pick<LoggedRun, 'retries'>): string {
  return `Attempt ${run.retries + 1}`
}

/** How many lines are not there, and why, of all runs. */
export function lacking(runs: readonly LoggedRun[]): { leftOut: number; missing: number } {
  const sum = (of: (run: LoggedRun) => number): number => runs.reduce((total, run) => total + of(run), 0)
  return { leftOut: sum((run) => run.left_out), missing: sum((run) => run.missing) }
}
