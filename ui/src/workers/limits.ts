/** How often and how long tasks of a name may run at a worker. Source: celery/worker/control.py
 * `registered`, celery/utils/time.py `rate`, celery/concurrency/prefork.py `_get_info`. */

import { formatNumber } from '../format/number'
import { jsValue, member } from '../json/convert'
import type { Json } from '../json/parse'

export interface TimeLimits {
  /** Seconds until SoftTimeLimitExceeded is raised in the task; null: none of its own. */
  soft_s: number | null
  /** Seconds until its process is ended. */
  hard_s: number | null
}

export interface Limits extends TimeLimits {
  /** "5/m"; null: none. */
  rate: string | null
  /** What else stands behind the name: "routing_key=mail". */
  others: string
}

/** What can be changed of a task. */
export type Limit = 'rate' | 'soft' | 'hard'

const OPTION = /(?:^| )(exchange|routing_key|rate_limit|soft_time_limit|time_limit)=/
const SECONDS_IN: Record<string, number> = { s: 1, m: 60, h: 3_600 }

/** Of "rate_limit=5/m soft_time_limit=20 time_limit=30". */
export function limitsOf(text: string): Limits {
  const [first = '', ...parts] = text.split(OPTION)
  const options = new Map<string, string>()
  for (let index = 0; index < parts.length; index += 2) options.set(parts[index] ?? '', parts[index + 1] ?? '')
  const rate = options.get('rate_limit') ?? ''
  return {
    rate: perSecond(rate) === 0 || rate === '' || rate === 'None' ? null : rate,
    soft_s: seconds(options.get('soft_time_limit')),
    hard_s: seconds(options.get('time_limit')),
    others: [first, ...['exchange', 'routing_key'].flatMap((name) => (options.has(name) ? [`${name}=${options.get(name)}`] : []))].filter(Boolean).join(' '),
  }
}

/** How often a task may begin in a second, for "5/m"; null for what is no rate. */
export function perSecond(rate: string): number | null {
  const [, number = '', unit = 's'] = /^([\d.]+)(?:\/([smh]))?$/.exec(rate) ?? []
  const found = number === '' ? Number.NaN : Number(number) / (SECONDS_IN[unit] ?? 1)
  return Number.isFinite(found) ? found : null
}

/** What holds for tasks that have no time limits of their own, by what `stats` says of the pool. */
export function limitsOfPool(stats: Json | null): TimeLimits {
  const timeouts = member(member(stats, 'pool'), 'timeouts')
  const [soft, hard] = timeouts?.kind === 'array' ? timeouts.items.map((item) => seconds(String(jsValue(item)))) : []
  return { soft_s: soft ?? null, hard_s: hard ?? null }
}

/** As it is typed: "5/m", "30", "0.5". */
export function written(limits: Limits, limit: Limit): string {
  if (limit === 'rate') return limits.rate ?? ''
  const value = limit === 'soft' ? limits.soft_s : limits.hard_s
  return value === null ? '' : String(value)
}

/** What an empty field stands for. */
export function usually(pool: TimeLimits, limit: Limit): string {
  const value = limit === 'rate' ? null : limit === 'soft' ? pool.soft_s : pool.hard_s
  return value === null ? 'none' : formatNumber(value)
}

function seconds(text: string | undefined): number | null {
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? value : null
}
