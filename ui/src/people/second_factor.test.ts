import { beforeEach, expect, it, vi } from 'vitest'
import { scriptedServer } from '../api/scripted_server'
import { grouped, SecondFactorModel } from './second_factor.svelte'

const server = scriptedServer()
const changed = vi.fn()
let model: SecondFactorModel

beforeEach(() => {
  changed.mockClear()
  model = new SecondFactorModel(changed)
  server.answer('second-factor/begin', { secret: 'JBSWY3DP', address: 'otpauth://totp/x' })
  server.answer('second-factor/confirm', { recovery: ['aaaa-bbbb', 'cccc-dddd'] })
  server.answer('second-factor/remove', {})
})

it('a second factor is on when a first code was shown, and its recovery codes are shown once', async () => {
  model.askForPassword()
  expect(model.step).toBe('password')
  model.code = 'pw ann'
  await model.begin()
  expect(server.requestsTo('second-factor/begin')[0]?.body).toEqual({ password: 'pw ann' })
  expect([model.step, model.secret, model.address]).toEqual(['shown', 'JBSWY3DP', 'otpauth://totp/x'])

  model.code = '123 456'
  await model.confirm()
  expect(server.requestsTo('second-factor/confirm')[0]?.body).toEqual({ code: '123456' })
  expect([model.step, model.recovery, model.secret]).toEqual(['codes', ['aaaa-bbbb', 'cccc-dddd'], ''])
  expect(changed).toHaveBeenCalledOnce()

  model.rest()
  expect([model.step, model.recovery]).toEqual(['idle', []])
})

it('a wrong password is typed again', async () => {
  server.refuse('second-factor/begin', 409, { detail: 'The password is wrong.' })
  model.askForPassword()
  model.code = 'guess'
  await model.begin()

  expect([model.step, model.code, model.submission.problem?.detail]).toEqual(['password', '', 'The password is wrong.'])
})

it('a wrong code is typed again', async () => {
  await model.begin()
  server.refuse('second-factor/confirm', 400, { detail: 'The code is wrong.' })
  model.code = '000000'
  await model.confirm()

  expect([model.step, model.code, model.submission.problem?.detail]).toEqual(['shown', '', 'The code is wrong.'])
  expect(changed).not.toHaveBeenCalled()
})

it('a second factor is turned off with a code', async () => {
  model.askToRemove()
  model.code = '123456'
  await model.remove()

  expect(server.requestsTo('second-factor/remove')[0]?.body).toEqual({ code: '123456' })
  expect(model.step).toBe('idle')
  expect(changed).toHaveBeenCalledOnce()
})

it('a secret is grouped so that it can be typed', () => {
  expect(grouped('JBSWY3DPEH')).toBe('JBSW Y3DP EH')
})
