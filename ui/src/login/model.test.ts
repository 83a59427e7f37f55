import { beforeEach, describe, expect, it } from 'vitest'
import { pass, scriptedServer } from '../api/scripted_server'
import type { LoginOptions } from '../api/people_types'
import { LoginModel } from './model.svelte'

const server = scriptedServer()
const BASE = 'http://umbel.example/'
let gone: string[]

const OKTA = { name: 'okta', label: 'Okta', kind: 'oidc', address: 'login/okta' }
const options = (more: Partial<LoginOptions> = {}): LoginOptions => ({
  passwords: true,
  providers: [],
  straight: false,
  failed: null,
  refused: null,
  ...more,
})
const model = async (offered: LoginOptions | null, search = '', leaving = false): Promise<LoginModel> => {
  if (offered) server.answer('/login/options', offered)
  const made = new LoginModel({ search, base: BASE, replace: (address) => gone.push(address) }, leaving)
  await made.load()
  return made
}

beforeEach(() => {
  gone = []
})

describe('a login by password', () => {
  it('leads to where one wanted', async () => {
    const login = await model(options(), '?next=workers')
    server.answer('/login', {})
    Object.assign(login, { user: 'ann', password: 'pw' })
    await login.submit()

    expect(gone).toEqual([`${BASE}workers`])
    expect(server.requestsTo('/login')[0]?.body).toEqual({ user: 'ann', password: 'pw' })
  })

  it('that is wrong is typed again', async () => {
    const login = await model(options())
    server.refuse('/login', 401, { detail: 'The name or the password is wrong.', type: 'urn:umbel:problem:not-logged-in' })
    Object.assign(login, { user: 'ann', password: 'no' })
    await login.submit()

    expect([login.step, login.failed, login.user, login.password, login.busy]).toEqual([
      'choose', 'The name or the password is wrong.', 'ann', '', false,
    ])
  })

  it('asks for a code where there is a second factor, and sends it without its spaces', async () => {
    const login = await model(options())
    server.refuse('/login', 401, { type: 'urn:umbel:problem:second-factor-needed' })
    Object.assign(login, { user: 'ann', password: 'pw' })
    await login.submit()
    expect([login.step, login.failed]).toEqual(['code', null])

    login.code = '000 000'
    await login.submit()
    expect([login.step, login.failed, login.code]).toEqual(['code', 'Not so.', ''])

    server.answer('/login', {})
    login.code = ' 123 456 '
    await login.submit()
    expect(server.requestsTo('/login').at(-1)?.body).toEqual({ user: 'ann', password: 'pw', code: '123456' })
    expect(gone).toEqual([BASE])
  })

  it('is begun anew from the code', async () => {
    const login = await model(options())
    server.refuse('/login', 401, { type: 'urn:umbel:problem:second-factor-needed' })
    Object.assign(login, { user: 'ann', password: 'pw' })
    await login.submit()
    login.back()

    expect([login.step, login.user, login.password]).toEqual(['choose', 'ann', ''])
  })
})

describe('a login in another tab', () => {
  it('leads on from here, too, when this one is seen again', async () => {
    server.refuse('me', 401)
    const login = await model(options(), '?next=workers')
    await login.seen()
    expect(gone).toEqual([])

    server.answer('me', { name: 'ann' })
    await login.seen()
    expect(gone).toEqual([`${BASE}workers`])
  })

  it('is none of a page that asks something else', async () => {
    server.answer('me', { name: 'ann' })
    const leaving = await model(options(), '', true)
    const failed = await model(options({ failed: 'This login was finished already.' }), '?failed')
    for (const each of [leaving, failed]) await each.seen()

    expect(gone).toEqual([])
  })
})

describe('the only provider', () => {
  const alone = options({ passwords: false, providers: [OKTA], straight: true })

  it('is gone to at once', async () => {
    const login = await model(alone, '?next=workers')

    expect(gone).toEqual([`${BASE}login/okta?next=workers`])
    expect(login.step).toBe('waiting')
  })

  it.each([
    ['a login failed', { failed: 'Okta does not answer.' }],
    ['a login was refused', { refused: { provider: 'okta', name: 'ann', notes: [], claims: {}, because: '', rules: 1 } }],
  ])('waits to be chosen when %s', async (_, more) => {
    const login = await model({ ...alone, ...more })

    expect(gone).toEqual([])
    expect(login.step).not.toBe('waiting')
  })

  it('waits to be chosen after the logout', async () => {
    const back = await model(alone, '?left')

    expect(gone).toEqual([])
    expect([back.step, back.left]).toEqual(['choose', true])
  })
})

describe('a logout by a link', () => {
  it('is asked for, and leads to the provider that ends its own login', async () => {
    server.answer('logout', { logged_out: true, go_on: 'https://okta.example/logout' })
    const leaving = await model(options({ providers: [OKTA], straight: true }), '?left', true)
    expect([leaving.step, gone]).toEqual(['leave', []])

    await leaving.leave()
    expect(gone).toEqual(['https://okta.example/logout'])
  })

  it('leads to the page that waits, also if nobody was logged in', async () => {
    server.refuse('logout', 401)
    const leaving = await model(options(), '', true)
    await leaving.leave()

    expect(gone).toEqual([`${BASE}login?left`])
  })
})

it('a server that does not answer is asked again', async () => {
  server.lose('/login/options')
  const login = await model(null)
  expect([login.step, login.failed]).toEqual(['waiting', expect.stringContaining('cannot be reached')])

  server.answer('/login/options', options())
  await login.load()
  await pass()
  expect([login.step, login.failed]).toEqual(['choose', null])
})

describe('a login that failed', () => {
  const failed = options({ failed: 'This login was finished already.' })

  it('tells who is logged in all the same', async () => {
    server.answer('me', { name: 'okta:ann' })
    const login = await model(failed, '?failed&next=workers')

    expect([login.already, login.target]).toEqual(['okta:ann', `${BASE}workers`])
  })

  it('tells of nobody who is not', async () => {
    server.refuse('me', 401)
    const login = await model(failed, '?failed')

    expect([login.step, login.already]).toEqual(['choose', null])
  })
})
