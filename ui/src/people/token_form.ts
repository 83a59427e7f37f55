/** What is typed to make a token, as the server takes it. */

import type { Role, TokenRequest } from '../api/people_types'

export const ROLES: readonly { role: Role; explains: string }[] = [
  { role: 'viewer', explains: 'Sees everything and changes nothing.' },
  { role: 'operator', explains: 'Acts on tasks, and on workers in ways that their next start undoes.' },
  { role: 'admin', explains: 'Stops workers, purges queues, ends sessions, makes tokens.' },
]

const DAY_S = 86_400
/** How long a token may be good for; null is until it is revoked. */
export const LIFETIMES: readonly { title: string; expires_s: number | null }[] = [
  { title: '1 day', expires_s: DAY_S },
  { title: '7 days', expires_s: 7 * DAY_S },
  { title: '30 days', expires_s: 30 * DAY_S },
  { title: '90 days', expires_s: 90 * DAY_S },
  { title: '1 year', expires_s: 365 * DAY_S },
  { title: 'until it is revoked', expires_s: null },
]

export interface TypedToken {
  name: string
  role: Role
  names: string
  queues: string
  /** Which of `LIFETIMES`. */
  lifetime: number
}

export function firstToken(): TypedToken {
  return { name: '', role: 'viewer', names: '', queues: '', lifetime: 3 }
}

export function tokenRequest({ name, role, names, queues, lifetime }: TypedToken): TokenRequest {
  return {
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    role,
    // Everybody sees everything, so a viewer's token has no bounds.
    names: role === 'viewer' ? [] : patterns(names),
    queues: role === 'viewer' ? [] : patterns(queues),
    expires_s: LIFETIMES[lifetime]?.expires_s ?? null,
  }
}

/** Patterns stand beside each other, apart by commas or spaces. */
function patterns(typed: string): string[] {
  return [...new Set(typed.split(/[\s,]+/).filter(Boolean))]
}
