import { describe, expect, it } from 'vitest'
import { jsValue } from './convert'
import { JsonMistake, parseJson } from './parse'

function mistake(source: string): JsonMistake {
  try {
    parseJson(source)
  } catch (error) {
    if (error instanceof JsonMistake) return error
    throw error
  }
  throw new Error(`${source} is no mistake`)
}

describe('JSON', () => {
  it.each([
    '[]',
    '{}',
    ' [1, -2.5e3, "a\\n\\u00e9", null, true, false] ',
    '{"a": {"b": [[], {}]}, "": 0}',
    '"\u{1F600}"',
  ])('%s is read as the browser reads it', (source) => {
    expect(jsValue(parseJson(source))).toEqual(JSON.parse(source))
  })

  it('keeps large numbers as they are written', () => {
    const read = parseJson('[12345678901234567890]')

    expect(read.kind === 'array' && read.items[0]).toMatchObject({ text: '12345678901234567890' })
  })

  it.each([
    ['', 'A value is missing at the end.', 0, 1],
    ['[1, 2', 'This is never closed: ] is missing.', 0, 1],
    ['[1 2]', 'A comma is missing here.', 3, 4],
    ['[1, ]', 'No comma may stand before the end.', 2, 3],
    ['[None]', 'JSON writes null for None.', 1, 5],
    ["['a']", 'JSON writes texts in double quotes.', 1, 2],
    ['(1, 2)', 'JSON has no tuples: write a list, [ … ].', 0, 1],
    ['{a: 1}', 'A key in double quotes is missing here.', 1, 2],
    ['{"a" 1}', 'A colon is missing behind the key.', 1, 5],
    ['["a]', 'This text is not closed on its line.', 1, 4],
    ['[01]', 'This is not a number.', 1, 3],
    ['[] x', 'Nothing may follow the value.', 3, 4],
    ['[hello]', 'A text needs double quotes around it.', 1, 6],
    ['["\\x"]', 'This text is not closed, or has a backslash that JSON does not know.', 1, 6],
  ])('the mistake in %s is told at its place', (source, message, start, end) => {
    expect(mistake(source)).toMatchObject({ message, start, end })
  })

  it.each(['[', '{', '{"a"', '{"a":', '[1,', '"', '-', '1.', '{"a":1,', '\u0000', ']', '}'])(
    '%s is a mistake inside the text or at its end',
    (source) => {
      const { start, end } = mistake(source)

      expect(start).toBeGreaterThanOrEqual(0)
      expect(start).toBeLessThanOrEqual(source.length)
      expect(end).toBeGreaterThan(start)
    },
  )

  it('is not brought down by depth', () => {
    expect(mistake('['.repeat(100_000)).message).toBe('This is nested too deep.')
  })
})
