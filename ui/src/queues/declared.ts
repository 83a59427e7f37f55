/** What a queue was declared with, in words. */

import type { DeclaredQueue } from '../api/schema'
import { argumentWords } from '../workers/queue_arguments'

const SOURCES: Record<DeclaredQueue['source'], string> = {
  broker: "RabbitMQ's management API",
  worker: 'a worker that consumes it',
  application: 'the application',
  paused: 'a worker that consumed it before the pause',
}

export function sourceWords({ source }: Pick<DeclaredQueue, 'source'>): string {
  return `as ${SOURCES[source]} ${source === 'paused' ? 'said' : 'says'}`
}

/** "not durable: gone when the broker restarts", "priorities up to 9" */
export function declaredFacts(queue: Pick<DeclaredQueue, 'durable' | 'exclusive' | 'auto_delete' | 'arguments' | 'policy' | 'policy_arguments'>): string[] {
  const words: string[] = []
  if (queue.durable === false) words.push('not durable: gone when the broker restarts')
  else if (queue.durable) words.push('durable')
  if (queue.exclusive) words.push('of one connection alone (exclusive)')
  if (queue.auto_delete) words.push('deleted when nobody consumes it any more')
  words.push(...Object.entries(queue.arguments).map(([name, value]) => argumentWords(name, textOf(value))))
  const policy = Object.entries(queue.policy_arguments).map(([name, value]) => argumentWords(name, textOf(value)))
  if (policy.length > 0) words.push(`by the policy ${queue.policy ?? 'of the broker'}: ${policy.join(', ')}`)
  return words
}

/** "exchange post (topic), routing key mail.#"; nothing where it is reached by its name. */
export function routeWords(name: string, { exchange, exchange_type, routing_key }: Pick<DeclaredQueue, 'exchange' | 'exchange_type' | 'routing_key'>): string {
  // Celery leaves out the exchange of a queue that is plainly declared.
  if (!exchange || (exchange === name && routing_key === name && exchange_type === 'direct')) return 'by its name'
  const kind = exchange_type ? ` (${exchange_type})` : ''
  return `by the exchange ${exchange}${kind}${routing_key ? ` with the key ${routing_key}` : ''}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
