/** A task as something to paste elsewhere: a call in Python, a request in a shell. */

import type { PastArguments } from '../actions/past_arguments'
import type { Task } from '../api/types'
import { parseJson, type Json } from '../json/parse'
import { isCut, parseRepr, type Value } from '../values/repr'

const WIDTH = 88

/** What of a task is sent again. */
export type Sent = Pick<Task, 'queue' | 'exchange' | 'routing_key'> & { name: string }

/** The route that it took, as far as events tell it: what was published to an exchange goes there, as
 * when it is retried. */
function routeOf({ queue, exchange, routing_key }: Sent): [field: string, value: string][] {
  if (exchange && routing_key) return [['exchange', exchange], ['routing_key', routing_key]]
  return queue ? [['queue', queue]] : []
}

/** The call that sends the task again, in Python; null where its arguments are not known whole. */
export function pythonCall(task: Sent, { source, args, kwargs }: PastArguments): string | null {
  if (source === 'none') return null
  const given = [pythonText(task.name)]
  const [positional, keywords] = [parseJson(args), parseJson(kwargs)]
  if (positional.kind === 'array' && positional.items.length > 0) given.push(`args=${pythonLiteral(positional)}`)
  if (keywords.kind === 'object' && keywords.members.length > 0) given.push(`kwargs=${pythonLiteral(keywords)}`)
  given.push(...routeOf(task).map(([field, value]) => `${field}=${pythonText(value)}`))
  const line = `app.send_task(${given.join(', ')})`
  return line.length <= WIDTH ? line : `app.send_task(\n    ${given.join(',\n    ')},\n)`
}

/** A value of JSON as Python writes it. */
export function pythonLiteral(json: Json): string {
  switch (json.kind) {
    case 'object':
      return `{${json.members.map(({ key, value }) => `${pythonText(key)}: ${pythonLiteral(value)}`).join(', ')}}`
    case 'array':
      return `[${json.items.map(pythonLiteral).join(', ')}]`
    case 'text':
      return pythonText(json.text)
    case 'number':
      return json.text
    case 'word':
      return { null: 'None', true: 'True', false: 'False' }[json.text]
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** What would end a line, or is not seen, or is no character alone. */
const ODD = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(ODD, (char) => ESCAPES[char] ?? codeOf(char)).replaceAll(quote, `\\${quote}`)
  return quote + escaped + quote
}

function codeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Where the API is, and whether it wants a token. */
export interface Api {
  href: string
  login: boolean
}

/** Reads the resource. */
export function curlThatReads(api: Api): string {
  return curl(api, [])
}

/** Sends the task again; null where its arguments are not known whole. */
export function curlThatSends(api: Api, task: Sent, { source, args, kwargs }: PastArguments): string | null {
  if (source === 'none') return null
  const route = routeOf(task).map(([field, value]) => `, "${field}": ${JSON.stringify(value)}`)
  const body = `{"name": ${JSON.stringify(task.name)}, "args": ${inLine(args)}, "kwargs": ${inLine(kwargs)}${route.join('')}}`
  return curl(api, ["-H 'Content-Type: application/json'", `-d ${shellText(body)}`])
}

/** The token is whoever's that runs it. */
function curl({ href, login }: Api, options: readonly string[]): string {
  const authorization = login ? ['-H "Authorization: Bearer $UMBEL_TOKEN"'] : []
  return ['curl -s', ...authorization, ...options, shellText(href)].join(' \\\n  ')
}

function inLine(text: string): string {
  return jsonText(parseJson(text))
}

function jsonText(json: Json): string {
  switch (json.kind) {
    case 'object':
      return `{${json.members.map(({ key, value }) => `${JSON.stringify(key)}: ${jsonText(value)}`).join(', ')}}`
    case 'array':
      return `[${json.items.map(jsonText).join(', ')}]`
    case 'text':
      return JSON.stringify(json.text)
    default:
      return json.text
  }
}

/** In quotes in which a shell changes nothing. */
export function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Why a task cannot be written as a call, in the middle of a sentence. */
export function missingArguments({ name, args, kwargs }: { name: string | null; args: string | null; kwargs: string | null }): string {
  if (name === null) return 'its name is not known.'
  if (args === null && kwargs === null) return 'what it was called with was not seen.'
  const parts = [args ?? '()', kwargs ?? '{}'].map(parseRepr)
  if (parts.some((value) => value !== null && isHidden(value))) return 'parts of its arguments are hidden here.'
  if (parts.some((value) => value === null || isCut(value))) {
    return 'its arguments are cut in its events. With result_extended = True the result backend keeps them whole.'
  }
  return 'its arguments have values that JSON cannot say.'
}

function isHidden(value: Value): boolean {
  if (value.kind === 'hidden') return true
  return value.kind === 'group' && value.items.some((item) => isHidden(item.value))
}
