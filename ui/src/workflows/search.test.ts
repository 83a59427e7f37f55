import { expect, test } from 'vitest'
import { readSearch, writeSearch } from './search'

test('an address says which workflows are shown, and nothing that is usual', () => {
  expect(writeSearch(readSearch(''))).toBe('')
  expect(writeSearch(readSearch('?state=odd&order=odd&q=%20'))).toBe('')
  expect(readSearch('?q=name%3Ashop&state=blocked&order=longest')).toEqual({ q: 'name:shop', state: 'blocked', order: 'longest' })
  expect(writeSearch({ q: 'a b', state: 'failing', order: 'newest' })).toBe('?q=a+b&state=failing')
})
