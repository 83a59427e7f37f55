/** Who logs in and how, what they may do and why, their sessions, and tokens. Times are Unix seconds. */

import type * as schema from './schema'
import type { Narrowed } from './types'

export type Role = schema.Grant['role']

/** A role, and for which tasks: `name` and `queue` are patterns, null is any. `because` is half a
 * sentence. */
export type Grant = schema.GrantRow

/** What somebody may do in one cluster; without a role they do not get in. */
export type ClusterAccess = schema.AccessRow

/** The words of a provider about somebody, as they came. */
export type Claims = Record<string, unknown>

/** Whether they can have one, since when they do, and whether they may do nothing else before. */
export type FactorState = schema.SecondFactorState

/** Somebody's login; `current` is the one that asks. */
export type Session = schema.SessionRow

/** `all`: of everybody, not of oneself alone. */
export type Sessions = schema.SessionList

/** An API token, without its secret. With `names` or `queues` (patterns) it acts on these alone. */
export type ApiToken = Narrowed<schema.ListedToken, { role: Role }>

export type TokenRequest = schema.CreateTokenBody

/** A token as it is shown once. */
export type CreatedToken = Narrowed<schema.CreatedToken, { item: ApiToken }>

/** One way to log in; `address` is relative to the server. */
export interface Provider {
  name: string
  label: string
  kind: string
  address: string
}

/** Somebody whom a provider knows and no rule lets in. */
export interface Refused {
  provider: string
  name: string
  notes: string[]
  claims: Claims
  because: string
  /** How many rules there are. */
  rules: number
}

/** What the page of the login offers. `straight`: go on to the only provider at once. */
export interface LoginOptions {
  passwords: boolean
  providers: Provider[]
  straight: boolean
  failed: string | null
  refused: Refused | null
}
