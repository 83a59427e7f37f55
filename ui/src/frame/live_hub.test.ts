import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSource } from './fake_source'
import type { LiveMessage } from './live_connection'
import { LiveHub, type LiveRequest, type Window } from './live_hub'

const START: LiveRequest = { kind: 'start', address: 'http://umbel/api/v1/live' }
const follow = (id: string, q: string): LiveRequest => ({ kind: 'follow', id, search: { q, left: false, after: 1 } })

class Listening implements Window {
  readonly messages: LiveMessage[] = []
  postMessage(message: LiveMessage): void {
    this.messages.push(message)
  }
}

let hub: LiveHub
let one: Listening
let two: Listening

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.all = []
  ;[hub, one, two] = [new LiveHub(), new Listening(), new Listening()]
  hub.receive(one, START)
  hub.receive(one, follow('0', 'first'))
  hub.receive(two, START)
  hub.receive(two, follow('0', 'second'))
  vi.advanceTimersByTime(20)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('windows that share a stream', () => {
  it('have one connection, and are each told what they follow', () => {
    FakeSource.say('changes/0', { seq: 2 })
    FakeSource.say('changes/1', { seq: 3 })

    expect(FakeSource.open).toHaveLength(1)
    expect(one.messages).toEqual([{ kind: 'changes', id: '0', changes: { seq: 2 } }])
    expect(two.messages).toEqual([{ kind: 'changes', id: '0', changes: { seq: 3 } }])
  })

  it('are all told how it stands', () => {
    FakeSource.say('status', { now: 5 })
    FakeSource.breakAll()

    for (const window of [one, two]) expect(window.messages.map(({ kind }) => kind)).toEqual(['status', 'lost'])
  })

  it('do not hear more when they rest, and the stream ends with the last of them', () => {
    hub.receive(one, { kind: 'stop' })
    vi.advanceTimersByTime(1_000)
    FakeSource.say('changes/0', { seq: 2 })
    expect(one.messages).toEqual([])
    expect(two.messages).toHaveLength(1)

    hub.receive(two, { kind: 'leave' })
    expect(FakeSource.open).toEqual([])
    hub.receive(one, START)
    hub.receive(one, follow('0', 'first'))
    vi.advanceTimersByTime(20)
    FakeSource.say('reset/0', { seq: 9 })
    expect(one.messages).toEqual([{ kind: 'reset', id: '0', seq: 9 }])
  })

  it('may leave off following one thing', () => {
    hub.receive(one, { kind: 'unfollow', id: '0' })
    vi.advanceTimersByTime(1_000)

    expect(new URL(FakeSource.open[0]?.href ?? '').search).not.toContain('first')
  })
})
