/** Asks the server how one logs in, to log somebody in, or out. */

import type { LoginOptions } from '../api/people_types'
import { Problem, problemFrom, unreachable } from '../api/problem'

/** Raises `Problem`; so do the others. */
export async function loginOptions(): Promise<LoginOptions> {
  return (await answered('login/options')) as LoginOptions
}

/** Who is logged in; null if nobody is, or if that cannot be asked. */
export async function loggedIn(): Promise<string | null> {
  try {
    return ((await answered('api/v1/me')) as { name: string }).name
  } catch {
    return null
  }
}

/** The cookie of a session is set when this returns. A `Problem` of the kind
 * `second-factor-needed`: the password is right, and a code is asked. */
export async function logIn(user: string, password: string, code = ''): Promise<void> {
  await post('login', { user, password, ...(code === '' ? {} : { code }) })
}

/** Whoever was logged in is not any more when this returns; where to go on to if their provider
 * ends its login as well. */
export async function logOut(): Promise<string | null> {
  try {
    const { go_on } = (await post('api/v1/logout', {})) as { go_on?: string | null }
    return go_on ?? null
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null
    throw error
  }
}

function post(path: string, body: object): Promise<unknown> {
  return answered(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

async function answered(path: string, init: RequestInit = {}): Promise<unknown> {
  let answer: Response
  try {
    answer = await fetch(new URL(path, document.baseURI).href, {
      ...init,
      headers: { accept: 'application/json', ...init.headers },
    })
  } catch {
    throw unreachable()
  }
  const body: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw problemFrom(answer.status, body)
  return body
}
