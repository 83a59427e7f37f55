/** Requests to the server. Every address is relative to `<base href>`, whatever the prefix. */

import { encode } from '../json/body'
import { parseJson, type Json } from '../json/parse'
import { problemFrom, unreachable } from './problem'
import { recentAnswers } from './recent_answers'

/** What is read and not answered by then never is: the network went without a word. A browser opens
 * six connections to a server, so those that hang would keep others from one that is back. */
const ANSWER_MS = 45_000

export type Parameters = Record<string, string | number | null | undefined>

/** The address of an API resource. Empty and missing parameters are left out. */
export function address(path: string, parameters: Parameters = {}): string {
  const url = new URL(`api/v1/${path}`, document.baseURI)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, `${value}`)
  }
  return url.href
}

/** Raises `Problem`, or the signal's own `AbortError`; so do the others. */
export async function get<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
  return parsed(await request(address(path, parameters), {}, signal)) as T
}

/** The same, with numbers as the server wrote them. */
export async function getJson(path: string, parameters: Parameters, signal?: AbortSignal): Promise<Json> {
  return parseJson(await request(address(path, parameters), {}, signal))
}

/** An answer that is plain text. */
export async function getText(path: string): Promise<string> {
  return request(address(path), {})
}

let opener: string | null = null

/** Who opened this page. Tabs share one cookie, so another tab may log somebody else in meanwhile;
 * the server does nothing then for a page that still shows the name and the role of the first. */
export function setOpener(name: string): void {
  opener = encodeURIComponent(name)
}

/** Change something. `body` may hold `Raw` JSON. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(opener === null ? {} : { 'x-umbel-opened-by': opener }) }
  const init = { method: 'POST', body: encode(body), headers }
  const answer = parsed(await request(address(path), init)) as T
  recentAnswers.clear()
  return answer
}

async function request(href: string, init: RequestInit, signal?: AbortSignal): Promise<string> {
  let answer: Response
  let text: string
  const over = new AbortController()
  const give = (): void => over.abort()
  // What a change came to has to be heard, however late.
  const timer = init.method === 'POST' ? undefined : setTimeout(give, ANSWER_MS)
  signal?.addEventListener('abort', give)
  if (signal?.aborted) give()
  try {
    answer = await fetch(href, {
      ...init,
      headers: { accept: 'application/json', ...init.headers },
      signal: over.signal,
    })
    text = await answer.text()
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable()
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', give)
  }
  if (answer.ok) return text
  if (answer.status === 401) goToLogin()
  throw problemFrom(answer.status, parsed(text))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

let leaving = false

/** Whether the page is being left for another one. A request that finds the session over leads to
 * no login meanwhile: that would take the place of the page where a logout goes on. */
export function setLeaving(value: boolean): void {
  leaving = value
}

/** To the login, which leads back here. */
function goToLogin(): void {
  if (leaving) return
  const here = location.href.slice(new URL(document.baseURI).href.length)
  location.assign(new URL(`login?next=${encodeURIComponent(here)}`, document.baseURI))
}

/** Whether a request ended because the page no longer wanted it. */
export function isAbandoned(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
