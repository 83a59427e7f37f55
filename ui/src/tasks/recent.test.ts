import { expect, test } from 'vitest'
import { RECENT_MAX, recentKey, withRecent, withoutRecent } from './recent'
import type { Search } from './search'

const search = (q: string, changes: Partial<Search> = {}): Search => ({ q, order: '-changed', tz: 'UTC', ...changes })

test('the newest comes first, and a search stands there once', () => {
  const recent = withRecent([search('a'), search('b')], search('b  '))

  expect(recent).toEqual([search('b'), search('a')])
})

test('a zone makes another search only where the search has dates', () => {
  expect(withRecent([search('a')], search('a', { tz: 'Asia/Tokyo' }))).toHaveLength(1)
  expect(withRecent([search('seen:2026-01-02..')], search('seen:2026-01-02..', { tz: 'Asia/Tokyo' }))).toHaveLength(2)
  expect(withRecent([search('a')], search('a', { order: 'name' }))).toHaveLength(2)
})

test('an empty search is none, and no more than so many are kept', () => {
  const many = Array.from({ length: RECENT_MAX }, (_, index) => search(`q${index}`))

  expect(withRecent(many, search('  '))).toEqual(many)
  expect(withRecent(many, search('new'))).toEqual([search('new'), ...many.slice(0, -1)])
})

test('one is forgotten', () => {
  expect(withoutRecent([search('a'), search('b')], search('a'))).toEqual([search('b')])
})

test('clusters and people have their own', () => {
  expect(new Set([recentKey('eu', 'ada'), recentKey('eu', 'bob'), recentKey('us', 'ada'), recentKey('eu:ada', '')]).size).toBe(4)
})
