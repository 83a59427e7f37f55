import { expect, test } from 'vitest'
import type { ListedSearch } from '../api/schema'
import { grouped, orderWords, startsOf } from './starts'

const listed = (name: string, changes: Partial<ListedSearch> = {}): ListedSearch => ({
  id: name, name, q: `name:${name}`, order: '-changed', tz: 'UTC', shared: false, owner: 'ada', mine: true,
  changeable: true, deletable: true, created: 0, changed: 0, changed_by: 'ada', ...changes,
})
const recent = (q: string) => ({ q, order: '-changed', tz: 'UTC' })

test('own searches come first, then shared ones, recent ones and examples', () => {
  const saved = [listed('mine'), listed('theirs', { owner: 'bob', mine: false, shared: true })]
  const starts = startsOf(saved, [recent('queue:mail')], 'UTC')

  expect(grouped(starts).map(({ group, starts }) => [group, starts[0]?.start.title])).toEqual([
    ['Your searches', 'mine'],
    ['Shared searches', 'theirs'],
    ['Recent searches', 'queue:mail'],
    ['Examples', 'state:FAILURE updated:-1h..'],
  ])
  expect(grouped(starts).flatMap(({ starts }) => starts.map(({ index }) => index))).toEqual(starts.map((_, index) => index))
})

test('a recent search that is saved stands there once', () => {
  const titles = startsOf([listed('mine')], [recent('name:mine'), recent('x')], 'UTC').map(({ title }) => title)

  expect(titles).not.toContain('name:mine')
  expect(titles).toContain('x')
})

test('where nobody logs in, searches are nobody’s', () => {
  expect(startsOf([listed('all', { owner: '', shared: true })], [], 'UTC')[0]?.group).toBe('Saved searches')
})

test('an order is said in words, the usual one not at all', () => {
  expect(orderWords('-changed')).toBe('')
  expect(orderWords('-runtime')).toBe('by runtime, descending')
  expect(orderWords('name')).toBe('by name')
})
