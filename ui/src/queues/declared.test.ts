import { expect, it } from 'vitest'
import { declaredFacts, routeWords } from './declared'

const DURABLE = { durable: true, exclusive: false, auto_delete: false, arguments: {}, policy: null, policy_arguments: {} }

it('arguments and those of a policy are words', () => {
  const queue = { ...DURABLE, arguments: { 'x-max-priority': 9, 'x-message-ttl': 90_000, 'x-odd': [1] }, policy: 'short', policy_arguments: { 'max-length': 1000 } }

  expect(declaredFacts(queue)).toEqual(['durable', 'priorities up to 9', 'messages expire after 1 min 30 s', 'x-odd: [1]', 'by the policy short: at most 1,000 messages'])
})

it('what is gone with the broker or its consumers says so, and what is not known says nothing', () => {
  expect(declaredFacts({ ...DURABLE, durable: false, auto_delete: true })).toEqual(['not durable: gone when the broker restarts', 'deleted when nobody consumes it any more'])
  expect(declaredFacts({ ...DURABLE, durable: null, exclusive: null, auto_delete: null })).toEqual([])
})

it('a queue is reached by its name, or by an exchange and a key', () => {
  expect(routeWords('mail', { exchange: '', exchange_type: null, routing_key: 'mail' })).toBe('by its name')
  expect(routeWords('mail', { exchange: 'mail', exchange_type: 'direct', routing_key: 'mail' })).toBe('by its name')
  expect(routeWords('mail', { exchange: 'post', exchange_type: 'topic', routing_key: 'm.#' })).toBe('by the exchange post (topic) with the key m.#')
})
