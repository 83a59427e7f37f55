import { describe, expect, it } from 'vitest'
import { inline } from '../values/inline'
import { encode, Raw } from './body'
import { fromRepr, isNull, member, toValue, write } from './convert'
import { parseJson } from './parse'

describe('a repr as JSON', () => {
  it.each([
    ["(1, 'two', None)", '[1, "two", null]'],
    ["{'to': 'x@y', 'n': [True, 2.5]}", '{"to": "x@y", "n": [true, 2.5]}'],
    ['()', '[]'],
    ['(12345678901234567890,)', '[12345678901234567890]'],
    ["('say \"hi\"',)", '["say \\"hi\\""]'],
  ])('%s is %s', (repr, text) => {
    const json = fromRepr(repr)

    expect(json && write(json)).toBe(text)
  })

  it.each(["('a', ...)", '(<Order: 1>,)', "{1: 'a'}", '{1, 2}', "(b'x',)", '(nan,)', 'no repr ((', "(Decimal('1'),)"])(
    '%s cannot be told in JSON',
    (repr) => {
      expect(fromRepr(repr)).toBeNull()
    },
  )
})

describe('JSON', () => {
  it('is written in a line while it is short, and indented then', () => {
    const long = `{"a": [1, 2], "b": "${'x'.repeat(70)}"}`

    expect(write(parseJson('{"a":[1,2]}'))).toBe('{"a": [1, 2]}')
    expect(write(parseJson(long))).toBe(`{\n  "a": [1, 2],\n  "b": "${'x'.repeat(70)}"\n}`)
  })

  it('is shown as other values are', () => {
    expect(inline(toValue(parseJson('{"a": [1, null, "x"]}')))).toBe("{'a': [1, null, 'x']}")
  })

  it('is looked into by key', () => {
    const json = parseJson('{"a": null, "b": 1}')

    expect(isNull(member(json, 'a'))).toBe(true)
    expect(isNull(member(json, 'c'))).toBe(true)
    expect(member(json, 'b')).toMatchObject({ text: '1' })
  })
})

describe('a body', () => {
  it('has a person’s JSON as it was written', () => {
    const body = { name: 'a "b"', args: new Raw('[12345678901234567890]'), left: undefined, list: [null, 1] }

    expect(encode(body)).toBe('{"name":"a \\"b\\"","args":[12345678901234567890],"list":[null,1]}')
  })
})
