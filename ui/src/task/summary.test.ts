import { describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import { errorClass, intentSentence, sameErrorSearch, summary } from './summary'

describe('a task in a sentence', () => {
  it.each([
    [exampleTask({ state: 'PENDING', sent: 90 }), 'Sent 10 s ago; no worker has told of it yet.'],
    [exampleTask({ state: 'RECEIVED', worker: 'w@h', received: 90 }), 'Waits on w@h; received 10 s ago.'],
    [
      exampleTask({ state: 'RECEIVED', worker: 'w@h', received: 90, eta: 7_400 }),
      'Waits on w@h for its ETA, in 2 h; received 10 s ago.',
    ],
    [exampleTask({ state: 'RECEIVED', worker: 'w@h', received: 90, eta: 95 }), 'Waits on w@h; received 10 s ago.'],
    [exampleTask({ state: 'STARTED', worker: 'w@h', started: 95, retries: 1 }), 'Runs on w@h; started 5 s ago, at attempt 2.'],
    [
      exampleTask({ state: 'RETRY', worker: 'w@h', retried: 95, retries: 1 }),
      'Failed on w@h 5 s ago and will be tried again; 1 retry so far.',
    ],
    [exampleTask({ state: 'REVOKED', revoked: 95 }), 'Revoked 5 s ago.'],
    [
      exampleTask({ state: 'REVOKED', revoked: 95, last_intent: { kind: 'revoke', at: 90, actor: 'ann', action_id: 'a' } }),
      'Revoked 5 s ago. ann asked for it 10 s ago.',
    ],
    [exampleTask({ state: 'REJECTED', worker: 'w@h', rejected: 95 }), 'Rejected on w@h 5 s ago.'],
    [
      exampleTask({ state: 'FAILURE', worker: 'w@h', finished: 40, runtime: 0.25, retries: 2 }),
      'Failed on w@h 1 min ago after running 250 ms, at attempt 3.',
    ],
    [exampleTask({ state: 'SUCCESS', finished: 40 }), 'Succeeded 1 min ago.'],
  ])('$state', (task, sentence) => {
    expect(summary(task, 100)).toBe(sentence)
  })
})

describe('the class of an error', () => {
  it.each([
    ["GatewayTimeout('no answer')", 'GatewayTimeout'],
    ['billiard.exceptions.WorkerLostError: signal 9', 'billiard.exceptions.WorkerLostError'],
    ['something odd', 'something odd'],
  ])('of %s is %s', (exception, name) => {
    expect(errorClass(exception)).toBe(name)
  })
})

describe('the search for the same error', () => {
  it('is for the error itself, whatever the name', () => {
    const error = '3f9c2a1b7d04 TypeError: no'

    expect(sameErrorSearch({ name: 'shop.charge', exception: "TypeError('no')", error })).toBe('error:3f9c2a1b7d04')
  })

  it('without one is for tasks of the same name, with errors of the same class', () => {
    expect(sameErrorSearch({ name: 'shop.charge', exception: "TypeError('no')", error: null })).toBe(
      'name:shop.charge exception:TypeError',
    )
    expect(sameErrorSearch({ name: null, exception: 'odd one', error: null })).toBe('exception:"odd one"')
    expect(sameErrorSearch({ name: 'shop.charge', exception: null, error: null })).toBeNull()
  })
})

describe('what somebody asked of a task', () => {
  it('is said with who did and when, until events tell', () => {
    const intent = { kind: 'revoke', at: 100, actor: 'ann', action_id: 'a' } as const

    expect(intentSentence(intent, 103)).toBe('ann asked 3 s ago to revoke it; no worker has told of that yet.')
    expect(intentSentence({ ...intent, kind: 'abort' }, 103)).toContain('to abort it; it ends when it looks.')
  })
})
