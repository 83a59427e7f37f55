import { expect, it } from 'vitest'
import type { ErrorGroup } from '../api/schema'
import { isRising, newestOf } from './new_errors'

function group(id: string, trend: number[], first: number | null = 0, state: 'open' | 'ignored' = 'open'): ErrorGroup {
  const count = trend.reduce((sum, each) => sum + each, 0)
  return { id, trend, first, count, state: { state } } as unknown as ErrorGroup
}

it('errors that were not there before come first, then those that rise, then the most frequent', () => {
  const items = [
    group('many', [50, 50, 50, 50]),
    group('rising', [1, 0, 4, 9]),
    group('new', [0, 0, 0, 1], 1_100),
    group('hidden', [0, 0, 0, 99], 1_100, 'ignored'),
    group('few', [1, 0, 1, 0]),
    group('unknown', [3, 0, 0, 0], null),
  ]
  const ranked = newestOf({ items, since: 1_000 })

  expect(ranked.map((one) => one.group.id)).toEqual(['new', 'rising', 'many', 'unknown', 'few'])
  expect(ranked.filter(isRising).map((one) => one.group.id)).toEqual(['rising'])
})
