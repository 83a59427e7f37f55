/** Asks the server to log somebody in, or out. */

import { problemFrom, unreachable } from '../api/problem'

/** The cookie of a session is set when this returns. Raises `Problem`. */
export async function logIn(user: string, password: string): Promise<void> {
  await post('login', { user, password })
}

/** Whoever was logged in is not any more when this returns. Raises `Problem`. */
export async function logOut(): Promise<void> {
  await post('api/v1/logout', {})
}

async function post(path: string, body: object): Promise<void> {
  let answer: Response
  try {
    answer = await fetch(new URL(path, document.baseURI), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    })
  } catch {
    throw unreachable()
  }
  if (answer.ok) return
  const problem: unknown = await answer.json().catch(() => null)
  throw problemFrom(answer.status, problem)
}
