import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ADDRESS_MAX, grouped, LiveConnection, SEARCHES_MAX, SILENCE_MS, type LiveMessage, type LiveSearch } from './live_connection'
import { FakeSource } from './fake_source'

const LIVE = 'http://umbel/api/v1/live'
const search = (q: string, after: number | null = null): LiveSearch => ({ q, left: true, after })

let messages: LiveMessage[]
let connection: LiveConnection

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.all = []
  messages = []
  connection = new LiveConnection(LIVE, (message) => messages.push(message))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What the open stream follows; null when none is open. */
function followed(): unknown {
  const { open } = FakeSource
  if (open.length === 0) return null
  const searches = new URL(open[0]?.href ?? '').searchParams.get('searches')
  return searches === null ? 'status' : (JSON.parse(searches) as LiveSearch[]).map(({ q, after }) => [q, after])
}

describe('a live connection', () => {
  it('follows all searches over one stream', () => {
    connection.start()
    connection.follow('a', search('state:FAILURE', 4))
    connection.follow('b', search('queue:mail'))
    vi.advanceTimersByTime(20)

    expect(followed()).toEqual([['state:FAILURE', 4], ['queue:mail', null]])
    expect(FakeSource.all).toHaveLength(1)
  })

  it('carries the status alone when nothing is followed', () => {
    connection.start()
    vi.advanceTimersByTime(500)

    expect(followed()).toBe('status')
    FakeSource.say('status', { now: 5 })
    expect(messages).toEqual([{ kind: 'status', status: { now: 5 } }])
  })

  it('tells each follower what is its own, and goes on from there when another comes', () => {
    connection.start()
    connection.follow('a', search('one', 4))
    connection.follow('b', search('two'))
    vi.advanceTimersByTime(20)
    FakeSource.say('hello/1', { seq: 7 })
    FakeSource.say('changes/0', { seq: 9, items: [] })
    FakeSource.say('reached/1', { seq: 8 })
    FakeSource.say('status', { now: 5 })
    connection.follow('c', search('three'))
    vi.advanceTimersByTime(20)

    expect(messages.map((one) => ('id' in one ? [one.kind, one.id] : one.kind))).toEqual([
      ['opened', 'b'],
      ['changes', 'a'],
      ['reached', 'b'],
      'status',
    ])
    expect(followed()).toEqual([['one', 9], ['two', 8], ['three', null]])
    expect(FakeSource.open).toHaveLength(1)
  })

  it('says once that a search is open, and again after the stream broke', () => {
    connection.start()
    connection.follow('a', search('one'))
    vi.advanceTimersByTime(20)
    FakeSource.say('hello/0', { seq: 7 })
    connection.follow('b', search('two', 7))
    vi.advanceTimersByTime(20)
    FakeSource.say('hello/0', { seq: 7 })
    expect(messages).toEqual([{ kind: 'opened', id: 'a', seq: 7 }])

    FakeSource.breakAll()
    vi.advanceTimersByTime(20_000)
    FakeSource.say('hello/0', { seq: 7 })
    expect(messages.slice(1)).toEqual([{ kind: 'lost' }, { kind: 'opened', id: 'a', seq: 7 }])
  })

  it('leaves a search that is gone for a while, since another may come', () => {
    connection.start()
    connection.follow('a', search('one', 4))
    vi.advanceTimersByTime(20)
    connection.unfollow('a')
    vi.advanceTimersByTime(100)
    expect(FakeSource.all).toHaveLength(1)
    FakeSource.say('changes/0', { seq: 9 })
    expect(messages).toEqual([])
    connection.follow('b', search('two', 5))
    vi.advanceTimersByTime(1_000)

    expect(followed()).toEqual([['two', 5]])
    expect(FakeSource.all).toHaveLength(2)
  })

  it('comes back by itself when the stream breaks, later each time, and at once when it is woken', () => {
    connection.start()
    connection.follow('a', search('one', 4))
    vi.advanceTimersByTime(20)
    for (let tries = 0; tries < 6; tries++) {
      FakeSource.breakAll()
      expect(followed()).toBeNull()
      vi.advanceTimersByTime(20_000)
      expect(followed()).toEqual([['one', 4]])
    }
    FakeSource.breakAll()
    vi.advanceTimersByTime(5_000)
    expect(followed()).toBeNull()
    connection.wake()
    expect(followed()).toEqual([['one', 4]])
  })

  it('is lost when the server says nothing for long, and comes back', () => {
    connection.start()
    connection.follow('a', search('one', 4))
    vi.advanceTimersByTime(20)
    for (let spoken = 0; spoken < 5; spoken++) {
      vi.advanceTimersByTime(SILENCE_MS - 100)
      FakeSource.say('status', { now: 5 })
    }
    expect(messages.every(({ kind }) => kind === 'status')).toBe(true)

    vi.advanceTimersByTime(SILENCE_MS)
    expect(messages.at(-1)).toEqual({ kind: 'lost' })
    expect(followed()).toBeNull()
    vi.advanceTimersByTime(5_000)
    expect(followed()).toEqual([['one', 4]])
    vi.advanceTimersByTime(SILENCE_MS)
    expect(messages.filter(({ kind }) => kind === 'lost')).toHaveLength(2)
  })

  it('is silent once it is stopped', () => {
    connection.start()
    connection.follow('a', search('one', 4))
    vi.advanceTimersByTime(20)
    connection.stop()
    connection.fail()
    vi.advanceTimersByTime(60_000)

    expect(followed()).toBeNull()
    expect(messages).toEqual([])
  })

  it('passes over what is no JSON', () => {
    connection.start()
    connection.follow('a', search('one'))
    vi.advanceTimersByTime(20)
    for (const kind of ['hello/0', 'status', 'reached/0', 'changes/0', 'reset/0']) FakeSource.say(kind, undefined)

    expect(messages).toEqual([])
  })
})

describe('searches that do not fit into one address', () => {
  it('stand in several', () => {
    const long = Array.from({ length: 5 }, (_, index) => [`${index}`, search(`${index}`.repeat(ADDRESS_MAX / 3))] as const)
    const many = Array.from({ length: SEARCHES_MAX + 1 }, (_, index) => [`${index}`, search('x')] as const)

    expect(grouped(LIVE, long).map(({ ids }) => ids)).toEqual([['0', '1'], ['2', '3'], ['4']])
    expect(grouped(LIVE, many).map(({ ids }) => ids.length)).toEqual([SEARCHES_MAX, 1])
  })

  it('and one that is too long alone is sent as it is', () => {
    expect(grouped(LIVE, [['a', search('x'.repeat(2 * ADDRESS_MAX))]])).toHaveLength(1)
  })
})
