import { expect, it } from 'vitest'
import { firstToken, LIFETIMES, tokenRequest } from './token_form'

it('a token is a viewer for 90 days unless something else is typed', () => {
  expect(tokenRequest(firstToken())).toEqual({ role: 'viewer', names: [], queues: [], expires_s: 90 * 86_400 })
})

it('a token is for the patterns that are typed, and for as long as is chosen', () => {
  const typed = { ...firstToken(), name: ' ci ', role: 'operator' as const, names: 'billing.*, mail.* billing.*', queues: ' slow\n', lifetime: LIFETIMES.length - 1 }

  expect(tokenRequest(typed)).toEqual({ name: 'ci', role: 'operator', names: ['billing.*', 'mail.*'], queues: ['slow'], expires_s: null })
})
