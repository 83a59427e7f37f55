/** From one writing of values to another; numbers stay as they are written. */

import { parseRepr, type Value } from '../values/repr'
import type { Json } from './parse'

const WIDTH = 64

/** As the application's own values, with numbers rounded as the browser does. */
export function jsValue(json: Json): unknown {
  switch (json.kind) {
    case 'object':
      return Object.fromEntries(json.members.map(({ key, value }) => [key, jsValue(value)]))
    case 'array':
      return json.items.map(jsValue)
    case 'number':
      return Number(json.text)
    case 'text':
      return json.text
    case 'word':
      return json.text === 'null' ? null : json.text === 'true'
  }
}

/** What an object has under a key. */
export function member(json: Json | null, key: string): Json | null {
  if (json?.kind !== 'object') return null
  return json.members.find((one) => one.key === key)?.value ?? null
}

/** A number that an object has under a key; null for anything else. */
export function numberAt(json: Json | null, key: string): number | null {
  const found = member(json, key)
  const value = found?.kind === 'number' ? Number(found.text) : Number.NaN
  return Number.isFinite(value) ? value : null
}

/** A text, or a number as it was written, that an object has under a key; null for anything else. */
export function textAt(json: Json | null, key: string): string | null {
  const found = member(json, key)
  return (found?.kind === 'text' || found?.kind === 'number') && found.text !== '' ? found.text : null
}

export function isNull(json: Json | null): boolean {
  return json === null || (json.kind === 'word' && json.text === 'null')
}

/** For `ValueTree`, which shows values of all kinds alike. */
export function toValue(json: Json): Value {
  switch (json.kind) {
    case 'object':
      return {
        kind: 'group',
        open: '{',
        close: '}',
        items: json.members.map(({ key, value }) => ({
          key: { kind: 'text', prefix: '', text: key, cut: false },
          label: null,
          value: toValue(value),
        })),
      }
    case 'array':
      return {
        kind: 'group',
        open: '[',
        close: ']',
        items: json.items.map((item) => ({ key: null, label: null, value: toValue(item) })),
      }
    case 'text':
      return { kind: 'text', prefix: '', text: json.text, cut: false }
    default:
      return { kind: json.kind, text: json.text }
  }
}

/** JSON text that a person can edit: in a line while it is short, else indented. */
export function write(json: Json, indent = ''): string {
  if (json.kind === 'text') return JSON.stringify(json.text)
  if (json.kind === 'number' || json.kind === 'word') return json.text
  const inner = `${indent}  `
  const [open, close] = json.kind === 'object' ? ['{', '}'] : ['[', ']']
  const parts =
    json.kind === 'array'
      ? json.items.map((item) => write(item, inner))
      : json.members.map(({ key, value }) => `${JSON.stringify(key)}: ${write(value, inner)}`)
  const line = open + parts.join(', ') + close
  if (line.length + indent.length <= WIDTH && !line.includes('\n')) return line
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`
}

/** A Python repr as JSON, or null when JSON cannot say it or Celery cut it. */
export function fromRepr(repr: string): Json | null {
  const value = parseRepr(repr)
  return value === null ? null : converted(value)
}

const WORDS = { None: 'null', True: 'true', False: 'false' } as const
const NOWHERE = { start: 0, end: 0 }

function converted(value: Value): Json | null {
  switch (value.kind) {
    case 'text':
      return value.cut || value.prefix !== '' ? null : { kind: 'text', text: value.text, ...NOWHERE }
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value.text)
        ? { kind: 'number', text: value.text, ...NOWHERE }
        : null
    case 'word':
      return { kind: 'word', text: WORDS[value.text as keyof typeof WORDS] ?? 'null', ...NOWHERE }
    case 'group':
      return value.open === '{' ? object(value.items) : array(value)
    default:
      return null
  }
}

function array(value: Extract<Value, { kind: 'group' }>): Json | null {
  if (value.open !== '[' && value.open !== '(') return null
  const items: Json[] = []
  for (const item of value.items) {
    const json = item.key === null && item.label === null ? converted(item.value) : null
    if (json === null) return null
    items.push(json)
  }
  return { kind: 'array', items, ...NOWHERE }
}

function object(items: Extract<Value, { kind: 'group' }>['items']): Json | null {
  const members: { key: string; value: Json }[] = []
  for (const item of items) {
    const json = converted(item.value)
    if (json === null || item.key?.kind !== 'text' || item.key.cut || item.key.prefix !== '') return null
    members.push({ key: item.key.text, value: json })
  }
  return { kind: 'object', members, ...NOWHERE }
}
