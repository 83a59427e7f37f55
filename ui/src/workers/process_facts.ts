/** What the main process of a worker has used, in units. Its children are not in it. Source:
 * celery/worker/worker.py `rusage`, getrusage(2). */

import { formatDuration } from '../format/duration'
import { formatNumber, plural } from '../format/number'
import { formatShare } from '../format/share'
import { member, numberAt, textAt } from '../json/convert'
import type { Json } from '../json/parse'
import { withoutGaps, type Fact } from './facts'
import { formatMemory } from './memory'

/** Linux counts memory in these. */
const KB = 1_024
/** `ru_inblock` and `ru_oublock` are of so many bytes. */
const BLOCK_BYTES = 512

export function processFacts(stats: Json): Fact[] {
  const uptime_s = numberAt(stats, 'uptime')
  const usage = member(stats, 'rusage')
  const memory_kb = numberAt(usage, 'maxrss')
  return withoutGaps([
    ['Id', textAt(stats, 'pid')],
    ['Up for', uptime_s === null ? null : formatDuration(uptime_s)],
    ['Processor', processorOf(usage, uptime_s)],
    ['Memory', memory_kb === null ? null : `${formatMemory(memory_kb * KB)} at most`],
    ['Disk', diskOf(usage)],
    ['Page faults', pair(usage, ['minflt', 'in memory'], ['majflt', 'from disk'])],
    ['Switches', pair(usage, ['nvcsw', 'to wait'], ['nivcsw', 'forced'])],
    ['Swapped out', times(numberAt(usage, 'nswap'))],
    ['Signals', times(numberAt(usage, 'nsignals'))],
    ['Logical clock', clockOf(stats)],
  ])
}

/** "1 min 5 s, of which 5 s in the kernel: 2.4 % of a core" */
function processorOf(usage: Json | null, uptime_s: number | null): string | null {
  const [user, system] = [numberAt(usage, 'utime'), numberAt(usage, 'stime')]
  if (user === null || system === null) return null
  const share = uptime_s === null || uptime_s <= 0 ? '' : `: ${formatShare((user + system) / uptime_s)} of a core`
  return `${formatDuration(user + system)}, of which ${formatDuration(system)} in the kernel${share}`
}

function diskOf(usage: Json | null): string | null {
  const [read, written] = [numberAt(usage, 'inblock'), numberAt(usage, 'oublock')]
  if (read === null || written === null) return null
  return `${formatMemory(read * BLOCK_BYTES)} read, ${formatMemory(written * BLOCK_BYTES)} written`
}

function pair(usage: Json | null, ...parts: [key: string, word: string][]): string | null {
  const words = parts.flatMap(([key, word]) => {
    const count = numberAt(usage, key)
    return count === null ? [] : [`${formatNumber(count)} ${word}`]
  })
  return words.length === 0 ? null : words.join(', ')
}

/** What hardly any system counts is left out where it is 0. */
function times(count: number | null): string | null {
  return count === null || count === 0 ? null : plural(count, 'time')
}

/** Lamport's, which orders what workers do. */
function clockOf(stats: Json): string | null {
  const text = textAt(stats, 'clock')
  return text !== null && /^\d+$/.test(text) ? formatNumber(Number(text)) : text
}
