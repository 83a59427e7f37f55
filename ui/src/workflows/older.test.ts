import { expect, it } from 'vitest'
import type { WorkflowList, WorkflowRow } from '../api/schema'
import { OlderWorkflows } from './older.svelte'

const row = (root_id: string): WorkflowRow => ({ root_id }) as WorkflowRow

/** A server with these pages, each of which tells where the next begins. */
function older(pages: Record<string, { items: string[]; next: string | null }>): { model: OlderWorkflows; cursors: string[] } {
  const cursors: string[] = []
  const model = new OlderWorkflows(async (cursor) => {
    cursors.push(cursor)
    const { items, next } = pages[cursor] ?? { items: [], next: null }
    return { items: items.map(row), next, looked_at: 900, complete: next === null } as unknown as WorkflowList
  })
  return { model, cursors }
}

it('goes on past pages of which nothing is listed, such as tasks that were sent again', async () => {
  const { model, cursors } = older({ a: { items: [], next: 'b' }, b: { items: [], next: 'c' }, c: { items: ['chain'], next: 'd' }, d: { items: ['group'], next: null } })

  await model.load('a')
  expect(cursors).toEqual(['a', 'b', 'c'])
  expect(model.rows.map(({ root_id }) => root_id)).toEqual(['chain'])
  expect(model.lookedAt).toBe(2700)

  await model.load('a')
  expect(model.rows.map(({ root_id }) => root_id)).toEqual(['chain', 'group'])
  expect(model.cursorAfter('a')).toBeNull()
})

it('never looks at the same ones twice, however many there are to pass over', async () => {
  const { model, cursors } = older(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}`, { items: [], next: `${n + 1}` }])))

  await model.load('0')
  await model.load('0')

  expect(new Set(cursors).size).toBe(cursors.length)
  expect(cursors.at(-1)).toBe('39')
  expect(model.fetching).toBe(false)
})

it('what newer ones push off the first page is kept', async () => {
  const { model } = older({ a: { items: ['c'], next: null } })
  await model.load('a', [row('e'), row('d')])

  expect(model.rows.map(({ root_id }) => root_id)).toEqual(['e', 'd', 'c'])
})

it('another search begins anew, and takes nothing of the one before', async () => {
  const { model } = older({ a: { items: ['old'], next: 'b' } })
  const under_way = model.load('a')
  model.clear()
  await under_way

  expect(model.rows).toEqual([])
  expect(model.cursorAfter('first')).toBe('first')
})
