/**
 * A server for tests of what asks it: answers requests as the test says. It stands where the
 * network is (`fetch`), so that all of the application before it is real.
 *
 *     const server = scriptedServer()
 *     server.answer('tasks', page)
 *     await model.load()
 *     expect(server.requestsTo('tasks')).toHaveLength(1)
 */

import { afterEach, beforeEach, vi } from 'vitest'

export interface ScriptedRequest {
  method: string
  /** Below `api/v1/`. */
  path: string
  parameters: Record<string, string>
  body: unknown
  /** The body as it was sent. */
  text: string
}

type Answer = { status: number; body: unknown }
type Script = (received: ScriptedRequest) => Answer | Promise<Answer>

/** The document as far as models look at it: its address, and whether it is seen. */
export class ScriptedDocument extends EventTarget {
  readonly baseURI = 'http://umbel.example/'
  hidden = false
}

export class ScriptedServer {
  document = new ScriptedDocument()
  readonly requests: ScriptedRequest[] = []
  private scripts = new Map<string, Script>()

  /** Forget all: what was asked, and how to answer. */
  reset(): void {
    this.document = new ScriptedDocument()
    this.requests.length = 0
    this.scripts.clear()
  }

  /** Answer requests to `path` so from now on. A path that ends in `*` stands for all below. */
  answer(path: string, body: unknown): void {
    this.scripts.set(path, () => ({ status: 200, body }))
  }

  /** The same, computed from each request. */
  compute(path: string, body: (received: ScriptedRequest) => unknown): void {
    this.scripts.set(path, (received) => ({ status: 200, body: body(received) }))
  }

  /** Answer so, one after another; the last one stays. */
  answerInTurn(path: string, ...bodies: unknown[]): void {
    this.compute(path, () => (bodies.length > 1 ? bodies.shift() : bodies[0]))
  }

  /** Refuse requests to `path` with a problem (RFC 9457). */
  refuse(path: string, status: number, problem: Record<string, unknown> = {}): void {
    this.scripts.set(path, () => ({ status, body: { title: 'Refused', detail: 'Not so.', ...problem } }))
  }

  /** Lose the connection: requests to `path` get no answer. */
  lose(path: string): void {
    this.scripts.set(path, () => Promise.reject(new TypeError('network error')))
  }

  /** Keep the next request to `path` waiting until the function given back is called, then
   * answer as is scripted now. */
  hold(path: string): () => void {
    const script = this.scripts.get(path)
    let release = (): void => undefined
    const released = new Promise<void>((done) => (release = done))
    this.scripts.set(path, async (received) => {
      if (script) this.scripts.set(path, script)
      await released
      return (script ?? unscripted)(received)
    })
    return release
  }

  /** The requests to `path` so far. */
  requestsTo(path: string): ScriptedRequest[] {
    return this.requests.filter((request) => matches(request.path, path))
  }

  private script(path: string): Script {
    for (const [pattern, script] of this.scripts) if (matches(path, pattern)) return script
    return unscripted
  }

  readonly fetch = async (href: string, request: RequestInit = {}): Promise<Response> => {
    const text = typeof request.body === 'string' ? request.body : ''
    const body: unknown = text === '' ? null : JSON.parse(text)
    const received = { ...addressOf(href), method: request.method ?? 'GET', body, text }
    this.requests.push(received)
    const abandoned = new Promise<never>((_, fail) => {
      const giveUp = (): void => fail(new DOMException('abandoned', 'AbortError'))
      if (request.signal?.aborted) giveUp()
      request.signal?.addEventListener('abort', giveUp)
    })
    const answered = Promise.resolve(this.script(received.path)(received))
    const answer = await Promise.race([answered, abandoned])
    return new Response(JSON.stringify(answer.body), { status: answer.status })
  }
}

function matches(path: string, pattern: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

function unscripted(received: ScriptedRequest): Answer {
  return { status: 404, body: { title: 'Not scripted', detail: `${received.method} ${received.path}` } }
}

function addressOf(href: string): { path: string; parameters: Record<string, string> } {
  const url = new URL(href)
  return { path: url.pathname.replace('/api/v1/', ''), parameters: Object.fromEntries(url.searchParams) }
}

/** A server and a clock for the tests of the file that calls this; each begins with nothing. */
export function scriptedServer(): ScriptedServer {
  const server = new ScriptedServer()
  beforeEach(() => {
    server.reset()
    vi.useFakeTimers()
    vi.stubGlobal('document', server.document)
    vi.stubGlobal('fetch', server.fetch)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  return server
}

/** Lets everything that waits for an answer go on, and then `ms` go by. */
export const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
