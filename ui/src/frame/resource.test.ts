import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { problemFrom, unreachable } from '../api/problem'
import { lost } from './band'
import { clock } from './clock.svelte'
import { Resource } from './resource.svelte'
import { stream } from './stream.svelte'

const page = Object.assign(new EventTarget(), { hidden: false })

/** Lets what was count answer, and then `ms` go by. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

function hide(hidden: boolean): void {
  page.hidden = hidden
  page.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', page)
  page.hidden = false
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a resource', () => {
  it('is asked for at once and again after each answer, until it is left', async () => {
    let count = 0
    const resource = new Resource(async () => ++count, 3)
    const stop = resource.start()
    await pass(0)
    expect(resource.answer).toBe(1)
    await pass(2999)
    expect(resource.answer).toBe(1)
    await pass(1)
    expect(resource.answer).toBe(2)

    stop()
    await pass(60_000)
    expect(count).toBe(2)
  })

  it('is asked for again when the browser turns out to have had the wrong time', async () => {
    const times: number[] = []
    const resource = new Resource(async () => times.push(clock.now), 60)
    clock.set(Date.now() / 1000)
    const stop = resource.start()
    await pass(0)
    clock.set(Date.now() / 1000 + 2)
    await pass(0)
    expect(times).toHaveLength(1)

    clock.set(Date.now() / 1000 - 7_200)
    await pass(0)
    expect(times).toHaveLength(2)
    expect((times[0] ?? 0) - (times[1] ?? 0)).toBeCloseTo(7_200, 0)

    stop()
    clock.set(Date.now() / 1000)
    await pass(0)
    expect(times).toHaveLength(2)
  })

  it('shows what it answered a moment ago to whoever comes back, and asks anew', async () => {
    const words = ['first', 'second']
    const resource = (): Resource<string> => new Resource(async () => words.shift() ?? 'more', null, () => 'the same question')
    const stop = resource().start()
    await pass(0)
    stop()

    const again = resource()
    again.start()
    expect(again.answer).toBe('first')
    await pass(0)
    expect(again.answer).toBe('second')
    const other = new Resource(async () => 'another', null, () => 'another question')
    other.start()
    expect(other.answer).toBeNull()
  })

  it('that has a first answer is asked for after the pause', async () => {
    const ask = vi.fn(async () => 'second')
    const resource = new Resource<string>(ask, 1)
    resource.start('first')
    await pass(999)
    expect([resource.answer, ask.mock.calls.length]).toEqual(['first', 0])
    await pass(1)
    expect(resource.answer).toBe('second')
  })

  it('keeps the old answer when asking fails, and tells why until it goes again', async () => {
    const answers = [async () => 'old', async () => Promise.reject(unreachable()), async () => 'new']
    const resource = new Resource(() => (answers.shift() ?? (async () => 'none'))(), 1)
    resource.start()
    await pass(1000)
    expect([resource.answer, resource.problem?.status]).toEqual(['old', 0])
    await pass(1000)
    expect([resource.answer, resource.problem]).toEqual(['new', null])
  })

  it('leaves it to the band to tell that the server does not answer, unless nothing is shown', async () => {
    stream.live = lost(null)
    const answers = [async () => 'old', async () => Promise.reject(unreachable()), async () => Promise.reject(problemFrom(503, null))]
    const shown = new Resource(() => (answers.shift() ?? (async () => 'none'))(), 1)
    const empty = new Resource(async () => Promise.reject(unreachable()))
    shown.start()
    empty.start()
    await pass(1000)
    expect([shown.problem?.status, shown.problemToShow, empty.problemToShow?.status]).toEqual([0, null, 0])
    await pass(1000)
    expect(shown.problemToShow?.status).toBe(503)
  })

  it('is not asked for again after a problem that would come again', async () => {
    const ask = vi.fn(async () => Promise.reject(problemFrom(404, null)))
    const resource = new Resource(ask, 1)
    resource.start()
    await pass(60_000)
    hide(true)
    hide(false)

    expect(ask).toHaveBeenCalledTimes(1)
    expect(resource.problem?.isNotFound).toBe(true)
  })

  it('rests while nobody sees it, and is asked for at once when somebody does', async () => {
    const ask = vi.fn(async () => 1)
    new Resource(ask, 1).start()
    await pass(0)
    hide(true)
    await pass(60_000)
    expect(ask).toHaveBeenCalledTimes(1)
    hide(false)
    await pass(0)
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('is asked for once when one answer is enough, or when an answer says that it is the last', async () => {
    const once = vi.fn(async () => 1)
    new Resource(once).start()
    let left = 3
    const countdown = vi.fn(async () => --left)
    new Resource(countdown, (answer) => (answer === 0 ? null : 1)).start()
    await pass(60_000)

    expect(once).toHaveBeenCalledTimes(1)
    expect(countdown).toHaveBeenCalledTimes(3)
  })

  it('shows no answer that came after a newer request, or after the page was left', async () => {
    const done: ((value: string) => void)[] = []
    const signals: AbortSignal[] = []
    const resource = new Resource((signal) => {
      signals.push(signal)
      return new Promise<string>((resolve) => done.push(resolve))
    }, 1)
    const stop = resource.start()
    void resource.load()
    done[1]?.('newer')
    done[0]?.('older')
    await pass(0)
    expect([resource.answer, signals[0]?.aborted]).toEqual(['newer', true])

    void resource.load()
    stop()
    done[2]?.('too late')
    await pass(0)
    expect(resource.answer).toBe('newer')
  })

  it('gives the asker what is shown, to keep a part of it', async () => {
    const resource = new Resource<number[]>(async (_, before) => [...(before ?? []), 1], 1)
    resource.start()
    await pass(2000)

    expect(resource.answer).toEqual([1, 1, 1])
  })

  it('hides no bug', async () => {
    const resource = new Resource(async () => Promise.reject(new TypeError('a bug')))

    await expect(resource.load()).rejects.toThrow('a bug')
  })
})
