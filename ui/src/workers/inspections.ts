/** What workers say of themselves, as the page shows it. Source: celery/worker/control.py. */

import type { Inspection } from '../api/control_types'
import { isNull, jsValue, member, toValue } from '../json/convert'
import type { Json } from '../json/parse'
import { inline, inlineValues } from '../values/inline'
import { limitsOf, type Limits } from './limits'
import { declaredWords } from './queue_arguments'
import { statistics } from './statistics'

export const TITLES: Record<Inspection, string> = {
  stats: 'Statistics',
  active: 'Running',
  reserved: 'Reserved',
  scheduled: 'Scheduled',
  revoked: 'Revoked',
  registered: 'Registered',
  queues: 'Queues',
  conf: 'Configuration',
}

export const EMPTY: Partial<Record<Inspection, string>> = {
  active: 'It runs nothing now.',
  reserved: 'It has taken no task that waits.',
  scheduled: 'It holds no task for a later time.',
  revoked: 'It remembers no revoked task.',
  registered: 'It has registered no task.',
  queues: 'It consumes no queue.',
}

/** A task that a worker has. */
export interface Held {
  id: string
  name: string
  call: string
  /** Unix seconds. */
  started: number | null
  eta: number | null
  pid: number | null
  /** Its message is no longer in the broker: it is lost with the worker. Null where it was not said. */
  acknowledged: boolean | null
  redelivered: boolean
}

export function heldTasks(value: Json): Held[] {
  return items(value).map((item) => {
    const request = member(item, 'request') ?? item
    const values = fields(request)
    const eta = member(item, 'eta')
    return {
      id: text(values['id']) ?? '',
      name: text(values['name']) ?? text(values['type']) ?? 'name not known',
      call: [line(member(request, 'args')), line(member(request, 'kwargs'))].filter(Boolean).join(', '),
      started: number(values['time_start']),
      eta: eta?.kind === 'text' ? moment(eta.text) : null,
      pid: number(values['worker_pid']),
      acknowledged: typeof values['acknowledged'] === 'boolean' ? values['acknowledged'] : null,
      redelivered: (values['delivery_info'] as { redelivered?: unknown } | null | undefined)?.redelivered === true,
    }
  })
}

/** What runs, the longest first; what has no start comes last. */
export function longestFirst(tasks: readonly Held[]): Held[] {
  return tasks.toSorted((a, b) => (a.started ?? Infinity) - (b.started ?? Infinity))
}

export function texts(value: Json): string[] {
  return items(value).map((item) => (item.kind === 'text' ? item.text : inline(toValue(item))))
}

export interface Consumed {
  name: string
  exchange: string
  routing_key: string
  durable: boolean
  /** "quorum queue", "priorities up to 9": what was declared with it, and how it is consumed. */
  declared: string[]
}

export function consumedQueues(value: Json): Consumed[] {
  return items(value).map((item) => {
    const exchange = member(item, 'exchange')
    const values = fields(item)
    return {
      name: text(values['name']) ?? '',
      exchange: [textOrEmpty(member(exchange, 'name')), textOrEmpty(member(exchange, 'type'))].filter(Boolean).join(', '),
      routing_key: text(values['routing_key']) ?? '',
      durable: values['durable'] === true,
      declared: declaredWords(item),
    }
  })
}

/** A task that a worker can run. */
export interface Registered {
  name: string
  limits: Limits
  /** How many it has taken since it started; null where it did not say. */
  taken: number | null
}

/** "a.b [rate_limit=5/m]" as the name and what stands behind it; `stats` is what the worker says
 * of the tasks that it took. */
export function registeredTasks(value: Json, stats: Json | null): Registered[] {
  const taken = stats === null ? null : new Map(statistics(stats).totals.map(({ name, count }) => [name, count]))
  const found = texts(value).map((entry) => {
    const [, name = entry, options = ''] = /^(\S+)(?: \[(.*)\])?$/.exec(entry) ?? []
    return { name, limits: limitsOf(options), taken: taken === null ? null : (taken.get(name) ?? 0) }
  })
  return [...new Map(found.map((one) => [one.name, one])).values()]
}

function fields(json: Json): Record<string, unknown> {
  return json.kind === 'object' ? (jsValue(json) as Record<string, unknown>) : {}
}

function items(value: Json): Json[] {
  return value.kind === 'array' ? value.items : []
}

/** Arguments in a line, without the brackets around them. */
function line(json: Json | null): string {
  if (json === null || isNull(json)) return ''
  return json.kind === 'text' ? json.text : inlineValues(toValue(json))
}

function textOrEmpty(json: Json | null): string {
  return json?.kind === 'text' ? json.text : ''
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function moment(iso: string): number | null {
  const at = Date.parse(iso) / 1000
  return Number.isNaN(at) ? null : at
}
