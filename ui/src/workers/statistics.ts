/** What `inspect stats` answers, in the units of people. Source: celery/worker/control.py `stats`. */

import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'
import { member } from '../json/convert'
import type { Json } from '../json/parse'

export interface Statistics {
  /** Single facts, each with its label. */
  facts: { label: string; value: string }[]
  /** How many tasks of each name the worker has taken since it started, most first. */
  totals: Total[]
}

export interface Total {
  name: string
  count: number
}

/** The facts that are there; what an older or another Celery leaves out is left out. */
export function statistics(value: Json): Statistics {
  const pool = member(value, 'pool')
  const processes = member(pool, 'processes')
  const memory_kb = numberAt(member(value, 'rusage'), 'maxrss')
  const facts: [string, string | null][] = [
    ['Up for', duration(numberAt(value, 'uptime'))],
    ['Pool', words(member(pool, 'implementation'))?.split(':')[0]?.split('.').at(-1) ?? null],
    ['Processes', processes?.kind === 'array' ? formatNumber(processes.items.length) : count(numberAt(pool, 'max-concurrency'))],
    ['Prefetch', count(numberAt(value, 'prefetch_count'))],
    ['Most memory', memory_kb === null ? null : `${formatNumber(Math.round(memory_kb / 1024))} MB`],
    ['Tasks per process', words(member(pool, 'max-tasks-per-child'))],
    ['Broker', broker(member(value, 'broker'))],
    ['Process', words(member(value, 'pid'))],
  ]
  const total = member(value, 'total')
  const names = total?.kind === 'object' ? total.members.map(({ key }) => key) : []
  return {
    facts: facts.flatMap(([label, text]) => (text === null ? [] : [{ label, value: text }])),
    totals: names
      .map((name) => ({ name, count: numberAt(total, name) ?? 0 }))
      .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name)),
  }
}

function broker(json: Json | null): string | null {
  const host = words(member(json, 'hostname'))
  return host === null ? null : [words(member(json, 'transport')), host].filter(Boolean).join(' on ')
}

function duration(seconds: number | null): string | null {
  return seconds === null ? null : formatDuration(seconds)
}

function count(value: number | null): string | null {
  return value === null ? null : formatNumber(value)
}

function numberAt(json: Json | null, key: string): number | null {
  const found = member(json, key)
  const value = found?.kind === 'number' ? Number(found.text) : Number.NaN
  return Number.isFinite(value) ? value : null
}

/** A text or a number as it was written; null for anything else. */
function words(json: Json | null): string | null {
  return json?.kind === 'text' || json?.kind === 'number' ? json.text : null
}
