import { expect, it } from 'vitest'
import { Problem } from './problem'
import { pass, scriptedServer } from './scripted_server'
import { get, post } from './transport'

const server = scriptedServer()

it('what is read and never answered is given up, so that it keeps no connection from a server that is back', async () => {
  server.hold('workers')
  const failed = get('workers', {}).catch((problem: unknown) => problem)
  await pass(60_000)

  const problem = await failed
  expect(problem).toBeInstanceOf(Problem)
  expect((problem as Problem).title).toBe('Umbel does not answer')
})

it('what a change came to is waited for', async () => {
  server.answer('actions', { id: 'one' })
  const release = server.hold('actions')
  const answer = post('actions', {})
  await pass(600_000)
  release()

  expect(await answer).toEqual({ id: 'one' })
})

it('what a page no longer wants ends as that, and not as a server that does not answer', async () => {
  server.hold('workers')
  const page = new AbortController()
  const failed = get('workers', {}, page.signal).catch((problem: unknown) => problem)
  page.abort()

  expect(await failed).toBeInstanceOf(DOMException)
})
