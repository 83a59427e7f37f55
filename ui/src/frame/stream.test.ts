import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveMessage } from './live_connection'
import type { LiveLink } from './live_link'
import { Stream, type Follower } from './stream.svelte'

/** A link that remembers what was asked of it. */
class Recorded implements LiveLink {
  requests: string[] = []
  constructor(readonly tell: (message: LiveMessage) => void, readonly failed: () => void) {}
  start = (): void => void this.requests.push('start')
  stop = (): void => void this.requests.push('stop')
  follow: LiveLink['follow'] = (id, { q, after }) => void this.requests.push(`follow ${id} ${q} ${after}`)
  unfollow = (id: string): void => void this.requests.push(`unfollow ${id}`)
  wake = (): void => void this.requests.push('wake')
  fail = (): void => void this.requests.push('fail')
}

const page = Object.assign(new EventTarget(), { hidden: false })
let links: Recorded[]
let stream: Stream

function hide(hidden: boolean): void {
  page.hidden = hidden
  page.dispatchEvent(new Event('visibilitychange'))
}

function follower(q: string, after: number | null = null): Follower & { seen: string[] } {
  const seen: string[] = []
  return {
    q,
    left: true,
    after,
    seen,
    changes: ({ seq }) => seen.push(`changes ${seq}`),
    opened: () => seen.push('opened'),
    reset: (seq) => seen.push(`reset ${seq}`),
  }
}

beforeEach(() => {
  const target = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target))
  vi.stubGlobal('dispatchEvent', target.dispatchEvent.bind(target))
  page.hidden = false
  links = []
  const make = (tell: (message: LiveMessage) => void, failed: () => void): Recorded => {
    const link = new Recorded(tell, failed)
    links.push(link)
    return link
  }
  stream = new Stream(make, make)
})
afterEach(() => void vi.unstubAllGlobals())

describe('the stream of a page', () => {
  it('has many followers, each told what is its own', () => {
    const [one, two] = [follower('one'), follower('two', 4)]
    stream.follow(one)
    stream.start()
    stream.follow(two)
    const [link] = links
    link?.tell({ kind: 'opened', id: '0', seq: 7 })
    link?.tell({ kind: 'changes', id: '1', changes: { seq: 9, items: [], new: [], left: [], skipped: 0 } })
    link?.tell({ kind: 'reset', id: '1', seq: 12 })

    expect(link?.requests).toEqual(['start', 'follow 0 one null', 'follow 1 two 4'])
    expect([one.seen, two.seen]).toEqual([['opened'], ['changes 9', 'reset 12']])
  })

  it('forgets a follower that left, and no other', () => {
    const [one, two] = [follower('one'), follower('two')]
    stream.start()
    const leave = stream.follow(one)
    stream.follow(two)
    leave()
    leave()
    for (const id of ['0', '1']) links[0]?.tell({ kind: 'reset', id, seq: 1 })

    expect(links[0]?.requests.slice(-1)).toEqual(['unfollow 0'])
    expect([one.seen, two.seen]).toEqual([[], ['reset 1']])
  })

  it('rests while it is hidden, and goes on where it was', () => {
    stream.start()
    stream.follow(follower('one', 4))
    links[0]?.tell({ kind: 'reached', id: '0', seq: 8 })
    hide(true)
    links[0]?.tell({ kind: 'reached', id: '0', seq: 9 })
    hide(false)

    expect(links[0]?.requests.slice(2)).toEqual(['stop', 'start', 'follow 0 one 8'])
  })

  it('takes a link of its own when the shared one fails', () => {
    stream.start()
    stream.follow(follower('one', 4))
    links[0]?.failed()

    expect(links[1]?.requests).toEqual(['start', 'follow 0 one 4'])
  })

  it('tells the link when the network goes and comes', () => {
    stream.start()
    dispatchEvent(new Event('offline'))
    dispatchEvent(new Event('online'))

    expect(links[0]?.requests.slice(1)).toEqual(['fail', 'wake'])
  })

  it('says how live the page is', () => {
    vi.stubGlobal('fetch', async () => Promise.reject(new Error('away')))
    vi.stubGlobal('document', Object.assign(page, { baseURI: 'http://umbel/' }))
    const live = { state: 'live', lag_s: null, sentence: 'Live.', troubles: [] } as const
    stream.start()
    expect(stream.live.state).toBe('connecting')
    links[0]?.tell({ kind: 'status', status: { version: '1', now: 5, live, store: { tasks: 3 } } })
    expect([stream.live.state, stream.stored]).toEqual(['live', 3])
    links[0]?.tell({ kind: 'lost' })
    expect(stream.live).toMatchObject({ state: 'blind', troubles: [{ kind: 'lost', since: 5 }] })
  })
})
