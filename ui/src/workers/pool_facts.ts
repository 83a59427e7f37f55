/** How a worker runs tasks, in words. Source: celery/concurrency/{base,prefork,solo,thread,gevent}.py
 * `_get_info`, celery/worker/autoscale.py `info`. */

import { formatDuration } from '../format/duration'
import { formatNumber, plural } from '../format/number'
import { member, numberAt, textAt } from '../json/convert'
import type { Json } from '../json/parse'
import { withoutGaps, type Fact } from './facts'
import { limitsOfPool } from './limits'

/** What a pool runs tasks in, one and many; those of gevent and eventlet are called green threads. */
const UNITS: Record<string, readonly [string, string]> = {
  prefork: ['process', 'processes'],
  thread: ['thread', 'threads'],
  gevent: ['green thread', 'green threads'],
  eventlet: ['green thread', 'green threads'],
}
/** More process ids are counted. */
const PIDS_SHOWN = 64

/** `stats` is the whole answer: prefetching and autoscale stand beside the pool. */
export function poolFacts(stats: Json): Fact[] {
  const pool = member(stats, 'pool')
  const writes = member(pool, 'writes')
  return withoutGaps([
    ['Kind', kindOf(pool)],
    ['Size', sizeOf(pool)],
    ['Autoscale', autoscaleOf(member(stats, 'autoscaler'))],
    ['Process ids', pidsOf(pool)],
    ['Processes end', lifetimeOf(pool)],
    ['Time limits', timeLimits(stats)],
    ['Prefetched', prefetched(stats)],
    ['Passed on', passedOn(writes)],
    ['Pipes', pipesOf(member(writes, 'inqueues'))],
    ['Semaphore', semaphoreOf(pool)],
  ])
}

/** "prefork" of "celery.concurrency.prefork:TaskPool". */
function kindOf(pool: Json | null): string | null {
  const found = textAt(pool, 'implementation')
  return found === null ? null : (found.split(':')[0]?.split('.').at(-1) ?? found)
}

function sizeOf(pool: Json | null): string | null {
  const most = numberAt(pool, 'max-concurrency')
  if (kindOf(pool) === 'solo') return 'one task at a time, in the main process'
  if (most === null) return null
  const [one, many] = UNITS[kindOf(pool) ?? ''] ?? ['task at once', 'tasks at once']
  const also = [['threads', 'begun'], ['running-threads', 'busy'], ['free-threads', 'free']].flatMap(([key = '', word]) => {
    const count = numberAt(pool, key)
    return count === null ? [] : [`${formatNumber(count)} ${word}`]
  })
  return [plural(most, one, many), ...also].join(', ')
}

function autoscaleOf(scaler: Json | null): string | null {
  const [min, max] = [numberAt(scaler, 'min'), numberAt(scaler, 'max')]
  return min === null || max === null ? null : `${formatNumber(min)} to ${formatNumber(max)} processes`
}

function pidsOf(pool: Json | null): string | null {
  const processes = member(pool, 'processes')
  if (processes?.kind !== 'array' || processes.items.length === 0) return null
  const pids = processes.items.flatMap((item) => (item.kind === 'number' ? [item.text] : []))
  const more = pids.length - PIDS_SHOWN
  return pids.slice(0, PIDS_SHOWN).join(', ') + (more > 0 ? ` and ${formatNumber(more)} more` : '')
}

function lifetimeOf(pool: Json | null): string | null {
  if (kindOf(pool) !== 'prefork' || member(pool, 'max-tasks-per-child') === null) return null
  const most = numberAt(pool, 'max-tasks-per-child')
  return most === null ? 'with the worker' : `after ${plural(most, 'task')}`
}

function timeLimits(stats: Json): string | null {
  if (member(member(stats, 'pool'), 'timeouts') === null) return null
  const { soft_s, hard_s } = limitsOfPool(stats)
  const words = [soft_s === null ? null : `soft ${formatDuration(soft_s)}`, hard_s === null ? null : `hard ${formatDuration(hard_s)}`]
  return words.filter((one) => one !== null).join(', ') || 'none'
}

function prefetched(stats: Json): string | null {
  const most = numberAt(stats, 'prefetch_count')
  if (most === null) return null
  return most === 0 ? 'as many messages as there are' : `${plural(most, 'message')} at most`
}

/** "74 tasks to processes: 26, 21, 27 (strategy fair)". */
function passedOn(writes: Json | null): string | null {
  const total = numberAt(writes, 'total')
  if (total === null) return null
  const each = textAt(writes, 'raw')
  const strategy = textAt(writes, 'strategy')
  return `${plural(total, 'task')} to processes${each === null ? '' : `: ${each}`}${strategy === null ? '' : ` (strategy ${strategy})`}`
}

function pipesOf(queues: Json | null): string | null {
  const [active, total] = [numberAt(queues, 'active'), numberAt(queues, 'total')]
  return active === null || total === null ? null : `${formatNumber(active)} of ${formatNumber(total)} written to now`
}

function semaphoreOf(pool: Json | null): string | null {
  const guarded = member(pool, 'put-guarded-by-semaphore')
  if (guarded?.kind !== 'word' || kindOf(pool) === 'solo') return null
  return guarded.text === 'true' ? 'passes a task on only while a process is free' : 'none'
}
