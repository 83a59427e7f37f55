/** What people type into the fields of an action, read or refused with a sentence. */

import type { Delivery } from '../api/control_types'
import { Raw } from '../json/body'
import { JsonMistake, parseJson } from '../json/parse'

/** A field that is wrong, and why; the server names fields alike. */
export class FieldMistake extends Error {
  constructor(
    readonly field: string,
    message: string,
    /** Where in the text, if that is what is wrong. */
    readonly span: { start: number; end: number } | null = null,
  ) {
    super(message)
    this.name = 'FieldMistake'
  }
}

/** The longest reason that the server takes, in characters. */
export const REASON_MAX = 1000

/** A reason as it is sent: what is typed, or nothing. */
export function reasonOf(text: string): { reason?: string } {
  const typed = text.trim()
  return typed === '' ? {} : { reason: typed }
}

/** What a person can change of a task that is sent again. */
export const RETRY_FIELDS = ['args', 'kwargs', 'queue', 'priority', 'countdown', 'eta', 'expires'] as const

/** The field of a form for what the server calls `edit.args[0]`, or `rate`; "" for none. */
export function fieldOf(parameter: string | null): string {
  return (parameter ?? '').replace(/^edit\./, '').replace(/[.[].*$/, '')
}

/** A number in bounds; undefined for an empty text. Raises `FieldMistake`. */
export function numberOf(
  field: string,
  text: string,
  bounds: { least: number; most?: number; whole?: boolean },
): number | undefined {
  const typed = text.trim()
  if (typed === '') return undefined
  const number = Number(typed)
  const { least, most = Infinity, whole = false } = bounds
  if (!Number.isFinite(number)) throw new FieldMistake(field, `“${typed}” is not a number.`)
  if (whole && !Number.isInteger(number)) throw new FieldMistake(field, 'Only whole numbers are possible.')
  if (number < least) throw new FieldMistake(field, `The least is ${least}.`)
  if (number > most) throw new FieldMistake(field, `The most is ${most}.`)
  return number
}

export function requiredNumber(field: string, text: string, bounds: Parameters<typeof numberOf>[2]): number {
  const number = numberOf(field, text, bounds)
  if (number === undefined) throw new FieldMistake(field, 'A number is needed here.')
  return number
}

export function requiredText(field: string, text: string, what: string): string {
  const typed = text.trim()
  if (typed === '') throw new FieldMistake(field, `${what} is needed here.`)
  return typed
}

/** A list (for `args`) or an object (for `kwargs`) as it was written; empty is an empty one. */
export function argumentsOf(field: string, text: string, kind: 'array' | 'object'): Raw {
  if (text.trim() === '') return new Raw(kind === 'array' ? '[]' : '{}')
  try {
    const json = parseJson(text)
    if (json.kind === kind) return new Raw(text)
    const expected = kind === 'array' ? 'a list: [ … ]' : 'an object: { "name": … }'
    throw new FieldMistake(field, `This has to be ${expected}.`, json)
  } catch (error) {
    if (error instanceof JsonMistake) throw new FieldMistake(field, error.message, error)
    throw error
  }
}

/** When and where a task goes, as it is typed. */
export interface DeliveryText {
  queue: string
  priority: string
  when: 'now' | 'countdown' | 'eta'
  countdown: string
  /** As `<input type=datetime-local>` has it. */
  eta: string
  expires: string
}

export const DEFAULT_DELIVERY: DeliveryText = { queue: '', priority: '', when: 'now', countdown: '', eta: '', expires: '' }
const YEAR_S = 31_536_000

export function deliveryOf(text: DeliveryText, zone: 'local' | 'utc'): Delivery {
  const delivery: Delivery = {}
  const queue = text.queue.trim()
  if (queue !== '') delivery.queue = queue
  const priority = numberOf('priority', text.priority, { least: 0, most: 255, whole: true })
  if (priority !== undefined) delivery.priority = priority
  if (text.when === 'countdown') delivery.countdown = requiredNumber('countdown', text.countdown, { least: 0, most: YEAR_S })
  if (text.when === 'eta') delivery.eta = momentOf(text.eta, zone)
  const expires = numberOf('expires', text.expires, { least: 0.001, most: YEAR_S })
  if (expires !== undefined) delivery.expires = expires
  return delivery
}

function momentOf(text: string, zone: 'local' | 'utc'): number {
  const moment = Date.parse(zone === 'utc' ? `${text}Z` : text) / 1000
  if (Number.isNaN(moment)) throw new FieldMistake('eta', 'A date and a time are needed here.')
  return moment
}
