import { expect, it } from 'vitest'
import { Problem } from '../api/problem'
import { Submission } from './submission.svelte'

const refused = new Problem(409, 'Refused', 'Not now.')

it('what a form sends is sent once, however often it is asked for', async () => {
  const submission = new Submission()
  let end = (): void => undefined
  let times = 0
  const work = (): Promise<void> => {
    times += 1
    return new Promise((done) => (end = done))
  }

  const first = submission.run(work)
  expect(submission.busy).toBe(true)
  expect(await submission.run(work)).toBe(false)
  end()

  expect([await first, times, submission.busy]).toEqual([true, 1, false])
})

it('why it was refused is kept until it is tried again', async () => {
  const submission = new Submission()

  expect(await submission.run(() => Promise.reject(refused))).toBe(false)
  expect([submission.problem, submission.busy]).toEqual([refused, false])

  expect(await submission.run(() => Promise.resolve())).toBe(true)
  expect(submission.problem).toBeNull()
})

it('a fault of ours is no problem of the server', async () => {
  const submission = new Submission()

  await expect(submission.run(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours')
  expect([submission.problem, submission.busy]).toEqual([null, false])
})
