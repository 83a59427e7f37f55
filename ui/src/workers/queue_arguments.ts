/** What a queue was declared with, in words. Source: kombu/entity.py `Queue.as_dict`,
 * rabbitmq.com/docs/queues#optional-arguments. */

import { formatDuration } from '../format/duration'
import { formatNumber } from '../format/number'
import { isNull, member, toValue } from '../json/convert'
import type { Json } from '../json/parse'
import { inline } from '../values/inline'

type Words = (text: string) => string

const seconds = (ms: string): string => formatDuration(Number(ms) / 1000)
const counted = (text: string): string => (Number.isFinite(Number(text)) ? formatNumber(Number(text)) : text)

const ARGUMENTS: Record<string, Words> = {
  'x-queue-type': (type) => `${type} queue`,
  'x-max-priority': (most) => `priorities up to ${most}`,
  'x-message-ttl': (ms) => `messages expire after ${seconds(ms)}`,
  'x-expires': (ms) => `removed when unused for ${seconds(ms)}`,
  'x-max-length': (most) => `at most ${counted(most)} messages`,
  'x-max-length-bytes': (most) => `at most ${counted(most)} bytes`,
  'x-dead-letter-exchange': (name) => `dead letters to exchange ${name === '' ? '(default)' : name}`,
  'x-dead-letter-routing-key': (key) => `dead letters with routing key ${key}`,
  'x-delivery-limit': (most) => `a dead letter after ${counted(most)} deliveries`,
  'x-consumer-timeout': (ms) => `a message is taken back after ${seconds(ms)} without acknowledgement`,
  'x-overflow': (what) => (what === 'drop-head' ? 'the oldest messages go when it is full' : `when it is full: ${what}`),
  'x-single-active-consumer': (is) => (is === 'true' ? 'one consumer at a time' : 'any number of consumers'),
}
/** An argument of RabbitMQ's, with or without the `x-` that those of policies lack. */
export function argumentWords(name: string, value: string): string {
  return ARGUMENTS[name]?.(value) ?? ARGUMENTS[`x-${name}`]?.(value) ?? `${name}: ${value}`
}

/** Arguments of kombu's own; its times are in seconds. */
const OPTIONS: Record<string, Words> = {
  max_priority: (most) => `priorities up to ${most}`,
  message_ttl: (s) => `messages expire after ${formatDuration(Number(s))}`,
  expires: (s) => `removed when unused for ${formatDuration(Number(s))}`,
  max_length: (most) => `at most ${counted(most)} messages`,
  max_length_bytes: (most) => `at most ${counted(most)} bytes`,
}
const FLAGS: Record<string, string> = { exclusive: 'exclusive', auto_delete: 'deleted when unused', no_ack: 'acknowledged when delivered' }

export function declaredWords(queue: Json): string[] {
  const words: string[] = []
  for (const [name, sentence] of Object.entries(FLAGS)) if (text(member(queue, name)) === 'true') words.push(sentence)
  for (const [name, wordsOf] of Object.entries(OPTIONS)) {
    const value = text(member(queue, name))
    if (value !== null) words.push(wordsOf(value))
  }
  for (const [name, value] of members(member(queue, 'queue_arguments'))) words.push(argumentWords(name, value))
  for (const [name, value] of members(member(queue, 'consumer_arguments'))) words.push(name === 'x-priority' ? `consumed with priority ${value}` : `${name}: ${value}`)
  for (const [name, value] of members(member(queue, 'binding_arguments'))) words.push(`bound with ${name}: ${value}`)
  return [...new Set(words)]
}

function members(json: Json | null): [string, string][] {
  return json?.kind === 'object' ? json.members.map(({ key, value }) => [key, text(value) ?? '']) : []
}

function text(json: Json | null): string | null {
  if (json === null || isNull(json)) return null
  return json.kind === 'text' || json.kind === 'number' ? json.text : inline(toValue(json)).toLowerCase()
}
