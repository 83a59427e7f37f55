/** Asks the server to log somebody in. */

import { problemFrom, unreachable } from '../api/problem'

/** The cookie of a session is set when this returns. Raises `Problem`. */
export async function logIn(user: string, password: string): Promise<void> {
  let answer: Response
  try {
    answer = await fetch(new URL('login', document.baseURI), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ user, password }),
    })
  } catch {
    throw unreachable()
  }
  if (answer.ok) return
  const body: unknown = await answer.json().catch(() => null)
  throw problemFrom(answer.status, body)
}
