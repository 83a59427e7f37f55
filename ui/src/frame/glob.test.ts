import { expect, it } from 'vitest'
import { fits } from './glob'

it.each([
  ['billing.*', 'billing.charge', true],
  ['billing.*', 'billing.', true],
  ['billing.*', 'old.billing.charge', false],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'a😀c', true],
  ['*.send', 'mail.send.send', true],
  ['*ab*b', 'aabab', true],
  ['mail', 'Mail', false],
  ['a.c', 'abc', false],
])('%s and %s', (pattern, text, expected) => {
  expect(fits(pattern, text)).toBe(expected)
})

it('a pattern of many stars takes no long time', () => {
  expect(fits(`${'*a'.repeat(50)}*b`, 'a'.repeat(5_000))).toBe(false)
})
