/** Asks about logins, sessions and tokens, and ends or makes them. */

import { pathPart } from '../format/path_part'
import type { ApiToken, CreatedToken, Sessions, TokenRequest } from './people_types'
import type { BegunFactor, ConfirmedFactor } from './schema'
import { get, post } from './transport'

const id = pathPart

export const people = {
  sessions: (signal?: AbortSignal) => get<Sessions>('sessions', {}, signal),
  endSession: (session: string) => post<unknown>(`sessions/${id(session)}/end`, {}),
  endSessionsOf: (user: string) => post<unknown>('sessions/end', { user }),

  tokens: async (signal?: AbortSignal) => (await get<{ items: ApiToken[] }>('tokens', {}, signal)).items,
  createToken: (token: TokenRequest) => post<CreatedToken>('tokens', token),
  revokeToken: (name: string) => post<unknown>(`tokens/${id(name)}/revoke`, {}),

  beginFactor: (password: string) => post<BegunFactor>('second-factor/begin', { password }),
  confirmFactor: (code: string) => post<ConfirmedFactor>('second-factor/confirm', { code }),
  removeFactor: (code: string) => post<unknown>('second-factor/remove', { code }),
}
