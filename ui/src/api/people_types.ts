/** Who logs in and how, what they may do and why, their sessions, and tokens. Times are Unix seconds. */

import type * as schema from './schema'
import type { Narrowed } from './types'

export type Role = 'viewer' | 'operator' | 'admin'

/** A role, and for which tasks: `name` and `queue` are patterns, null is any. `because` is half a
 * sentence. */
export type Grant = schema.Grant

/** What somebody may do in one cluster; without a role they do not get in. */
export interface ClusterAccess {
  cluster: string
  role: Role | null
  because: string
  grants: Grant[]
}

/** The words of a provider about somebody, as they came. */
export type Claims = Record<string, unknown>

/** The own session. The provider was last asked at `checked`, and is asked again every so many
 * seconds; null where nobody can be asked. */
export interface OwnSession {
  id: string
  began: number
  expires: number
  checked: number | null
  check_every_s: number | null
}

/** Whether they can have one, and since when they do. */
export interface FactorState {
  possible: boolean
  since: number | null
}

/** What `me` says beside the name and the role. */
export interface Person {
  provider: string
  label: string | null
  email: string | null
  because: string
  grants: Grant[]
  access: ClusterAccess[]
  session: OwnSession | null
  claims: Claims
  second_factor: FactorState
}

/** Somebody's login; `current` is the one that asks. */
export interface Session {
  id: string
  user: string
  provider: string
  began: number
  expires: number
  seen: number
  address: string
  client: string
  checked: number | null
  access: ClusterAccess[]
  current: boolean
}

/** `all`: of everybody, not of oneself alone. */
export interface Sessions {
  items: Session[]
  all: boolean
}

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
