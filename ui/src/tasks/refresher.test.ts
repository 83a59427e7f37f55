import { expect, it, vi } from 'vitest'
import { exampleTask } from '../api/examples'
import type { TaskPage } from '../api/types'
import { Refresher } from './refresher'

function page(ids: readonly string[]): TaskPage {
  return {
    items: ids.map((uuid) => exampleTask({ uuid })),
    next: null,
    complete: true,
    reached: null,
    sentence: '',
    seq: 1,
  }
}

it('asks for rows in one request, and together for those that came meanwhile', async () => {
  const requested: string[][] = []
  const given: string[] = []
  const refresher = new Refresher(
    (ids) => {
      requested.push(ids)
      return Promise.resolve(page(ids))
    },
    (rows) => given.push(...rows.map((row) => row.uuid)),
    0,
  )

  refresher.ask(['a', 'b'])
  refresher.ask(['b', 'c'])
  refresher.ask(['d'])

  await vi.waitFor(() => expect(given).toEqual(['a', 'b', 'b', 'c', 'd']))
  expect(requested).toEqual([
    ['a', 'b'],
    ['b', 'c', 'd'],
  ])
})

it('never asks for more than the server takes at once', async () => {
  const sizes: number[] = []
  const refresher = new Refresher(
    (ids) => {
      sizes.push(ids.length)
      return Promise.resolve(page(ids))
    },
    () => undefined,
    0,
  )

  refresher.ask(Array.from({ length: 450 }, (_, number) => `id-${number}`))

  await vi.waitFor(() => expect(sizes).toEqual([200, 200, 50]))
})

it('gives nothing once nobody looks, and goes on after a failure', async () => {
  const given: string[] = []
  let fails = true
  const refresher = new Refresher(
    (ids) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(page(ids))),
    (rows) => given.push(...rows.map((row) => row.uuid)),
    0,
  )

  refresher.ask(['a'])
  await new Promise((done) => setTimeout(done, 5))
  fails = false
  refresher.ask(['b'])
  await vi.waitFor(() => expect(given).toEqual(['b']))
  refresher.ask(['c'])
  refresher.rest()
  await new Promise((done) => setTimeout(done, 5))

  expect(given).toEqual(['b'])
})
