import { describe, expect, it } from 'vitest'
import { inline, inlineArgs, inlineKwargs } from './inline'
import { isCut, isRest, membersWord, parseRepr, type Value } from './repr'

function read(source: string): Value {
  const value = parseRepr(source)
  if (value === null) throw new Error(`not readable: ${source}`)
  return value
}

describe('a repr', () => {
  it.each([
    'None',
    'True',
    '42',
    '-1.5e-07',
    '(1+2j)',
    'inf',
    "'plain'",
    "b'bytes'",
    '[]',
    '()',
    '{}',
    '(1,)',
    "{'a': [1, 2.5], 'b': {'c': None}}",
    "{1, 2, 'x'}",
    'set()',
    'frozenset({1, 2})',
    "Decimal('12.30')",
    'datetime.datetime(2026, 11, 22, 14, 3, tzinfo=datetime.timezone.utc)',
    "Order(id=4711, lines=[Line(sku='a', n=2)])",
    "OrderedDict([('a', 1)])",
    '<Order: 4711>',
    '[<object object at 0x7f00>, <a <b>>]',
    'UUID(\'d3f1\')',
    "GatewayTimeout('no answer within 5 s')",
  ])('%s reads as the same value', (source) => {
    expect(inline(read(source))).toBe(source)
  })

  it('keeps structure apart from text', () => {
    const value = read("{'a, b': ['x: y', (1, 2)]}")

    expect(value).toMatchObject({ kind: 'group', items: [{ key: { text: 'a, b' } }] })
    expect(inline(value)).toBe("{'a, b': ['x: y', (1, 2)]}")
  })

  it('reads texts as Celery writes them: only the quote is escaped', () => {
    expect(read("'it\\'s a \\path\nnext'")).toMatchObject({ text: "it's a \\path\nnext" })
    expect(read('"double \'single\'"')).toMatchObject({ text: "double 'single'" })
  })

  it('is shown in quotes that its text does not have', () => {
    expect(inline(read(`"<script>alert('x')</script>"`))).toBe(`"<script>alert('x')</script>"`)
    expect(inline(read(`'say "hi"'`))).toBe(`'say "hi"'`)
    expect(inline(read(`'it\\'s "it"'`))).toBe(`'it\\'s "it"'`)
  })

  it.each([
    ["{'a': [{'b': {...}}]}", true],
    ['[0, 1, 2, , ...]', true],
    ["(1, {'k': [0, 1, ...]}, ...)", true],
    ["[{'k': 'v'}, 1", true],
    ["Foo(a=1, b=", true],
    [`'${'x'.repeat(200)}...'`, true],
    [`['${'x'.repeat(200)}`, true],
    ["['Working...']", false],
    ["{'k': 'v'}", false],
  ])('%s was cut: %s', (source, cut) => {
    expect(isCut(read(source))).toBe(cut)
  })

  it.each([
    ["{'a': 1, 'b': 2, ...}", [false, false, true], '2+'],
    ["[0, 1, ...]", [false, false, true], '2+'],
    ["{'a': ...}", [false], '1'],
    ["Order(a=...)", [false], '1'],
    ["(1, 2)", [false, false], '2'],
  ])('of %s the rest that was cut has no place', (source, rests, word) => {
    const value = read(source)
    const items = value.kind === 'group' ? value.items : []

    expect(items.map(isRest)).toEqual(rests)
    expect(membersWord(items)).toBe(word)
  })

  it.each(['', ')', '[1, 2}', "{'a' 'b'}", '] oops ['])('%j is no value', (source) => {
    expect(parseRepr(source)).toBeNull()
  })

  it('survives what is nested without end', () => {
    expect(parseRepr('['.repeat(100_000))).toBeNull()
  })

  it('takes whatever comes without failing', () => {
    const pieces = ["'", '"', '\\', '(', ')', '[', ']', '{', '}', ',', ':', '=', '...', '<', '>', ' ', 'a', '1']
    let seed = 7
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647)
    for (let round = 0; round < 3000; round++) {
      const source = Array.from({ length: 1 + (next() % 14) }, () => pieces[next() % pieces.length]).join('')
      const value = parseRepr(source)
      if (value !== null) expect(typeof inline(value)).toBe('string')
    }
  })
})

describe('arguments', () => {
  it.each([
    ["(4711, 'tok')", "4711, 'tok'"],
    ['(4711,)', '4711'],
    ['()', ''],
    ['[1, 2]', '1, 2'],
    ['<custom>', '<custom>'],
    ['((1,), 2', '(1,), 2, …'],
  ])('%s read as a call shows them', (source, text) => {
    expect(inlineArgs(source)).toBe(text)
  })

  it.each([
    ["{'to': 'ada', 'n': {...}}", "to='ada', n={…}"],
    ['{}', ''],
    ['{1: 2}', '1: 2'],
    ['hidden', 'hidden'],
  ])('%s read as keywords', (source, text) => {
    expect(inlineKwargs(source)).toBe(text)
  })
})

describe('what was hidden', () => {
  it('is told from values', () => {
    expect(inlineKwargs("{'password': <hidden>, 'n': 1}")).toBe('password=<hidden>, n=1')
    expect(parseRepr('<hidden>')).toEqual({ kind: 'hidden' })
    expect(parseRepr("'<hidden>'")?.kind).toBe('text')
  })
})
