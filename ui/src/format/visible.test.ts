import { describe, expect, it } from 'vitest'
import { visible } from './visible'

// tests/security/test_texts.py has the same.
const SHOWN: [came: string, shown: string][] = [
  ['plain ascii ~', 'plain ascii ~'],
  ['Straße 工作 🎉 ❤️', 'Straße 工作 🎉 ❤️'],
  ['a\x1b]8;;http://x\x07b', String.raw`a\x1b]8;;http://x\x07b`],
  ['a\x9b31mb\x85c', String.raw`a\x9b31mb\x85c`],
  ['a\x00b\x7fc', String.raw`a\x00b\x7fc`],
  ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['a\u200b\u200c\u200d\u200e\u200fb', 'a\\u200b\\u200c\\u200d\\u200e\\u200fb'],
  ['a\u202a\u202b\u202c\u202d\u202eb', 'a\\u202a\\u202b\\u202c\\u202d\\u202eb'],
  ['a\u2066\u2067\u2068\u2069b', 'a\\u2066\\u2067\\u2068\\u2069b'],
  ['a\u061c\u00ad\u180e\ufeffb', 'a\\u061c\\xad\\u180e\\ufeffb'],
  ['a\u{e0041}\u{e007f}b', 'a\\U000e0041\\U000e007fb'],
  ['a\u3164\uffa0\u115f\u2800\u034fb', 'a\\u3164\\uffa0\\u115f\\u2800\\u034fb'],
  ['a\ufff9\ue000b', 'a\\ufff9\\ue000b'],
  ['a\ud800b', 'a\\ud800b'],
]

describe('what cannot be seen', () => {
  it.each(SHOWN)('of %j is shown as its escape', (came, shown) => {
    expect(visible(came)).toBe(shown)
  })

  it('does not take line breaks, tabs and wide spaces along', () => {
    expect(visible('a\n\tb\r\n1\u00a0000\u3000')).toBe('a\n\tb\r\n1\u00a0000\u3000')
  })
})
