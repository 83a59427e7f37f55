import { describe, expect, it } from 'vitest'
import { reasonsOf, hindrance, TASK_ACTIONS } from './preconditions'

const possible = (state: Parameters<typeof hindrance>[1]['state'], name: string | null = 'a.b'): string[] =>
  TASK_ACTIONS.filter((action) => hindrance(action, { state, name, doubt: null }) === null)

describe('actions on a task', () => {
  it('depend on where it stands', () => {
    expect(possible('PENDING')).toEqual(['revoke', 'abort'])
    expect(possible('RECEIVED')).toEqual(['revoke', 'abort'])
    expect(possible('RETRY')).toEqual(['revoke', 'abort'])
    expect(possible('STARTED')).toEqual(['terminate', 'abort'])
    expect(possible('FAILURE')).toEqual(['retry'])
    expect(possible('REVOKED')).toEqual(['retry'])
  })

  it('can send again what may not run any more', () => {
    const doubt = { why: 'worker-silent', since: 1, worker: 'w@h' } as const

    expect(hindrance('retry', { state: 'STARTED', name: 'a.b', doubt })).toBeNull()
    expect(hindrance('retry', { state: 'STARTED', name: 'a.b', doubt: null })).toContain('do it twice')
  })

  it('need a name to be sent again', () => {
    expect(possible('FAILURE', null)).toEqual([])
  })

  it('that cannot be done are explained, each reason once', () => {
    expect(
      reasonsOf([
        { title: 'Revoke', why: 'the task has ended.' },
        { title: 'Terminate', why: 'the task has ended.' },
        { title: 'Abort', why: 'the task has ended.' },
        { title: 'Retry', why: 'something else.' },
      ]),
    ).toEqual(['Revoke, terminate and abort: the task has ended.', 'Retry: something else.'])
  })
})
