import { describe, expect, it } from 'vitest'
import type { Chip, Count } from '../api/types'
import { countedNote, excludeFacet, facetTerm, facetValues, toggleFacet, withoutFacet } from './facet_values'

function chip(text: string, part: string, field: string | null, negated = false): Chip {
  const start = text.indexOf(part)
  return { text: part, start, end: start + part.length, field, negated }
}
const count = (groups: Record<string, number>, groups_complete = true): Count => ({
  total: 10, capped: false, complete: true, groups, groups_complete,
})

describe('the term of a value', () => {
  it('means exactly it', () => {
    expect(facetTerm('name', 'shop.send')).toBe('name:=shop.send')
    expect(facetTerm('worker', 'a b*')).toBe('worker:="a b*"')
    expect(facetTerm('queue', 'mail')).toBe('queue:mail')
    expect(facetTerm('error', '3f9c2a1b7d04 ValueError: no stock: of <text>')).toBe('error:3f9c2a1b7d04')
  })
})

describe('a value that is clicked', () => {
  const text = 'state:FAILURE queue:mail'
  const chips = [chip(text, 'state:FAILURE', 'state'), chip(text, 'queue:mail', 'queue')]

  it('narrows, takes the place of another one, and goes with a second click', () => {
    expect(toggleFacet('', [], 'name', 'a')).toBe('name:=a')
    expect(toggleFacet(text, chips, 'queue', 'pay')).toBe('state:FAILURE queue:pay')
    expect(toggleFacet(text, chips, 'queue', 'mail')).toBe('state:FAILURE')
    expect(toggleFacet('a OR b', [chip('a OR b', 'a OR b', null)], 'queue', 'mail')).toBe('(a OR b) queue:mail')
  })

  it('is left out once, and no longer asked for then', () => {
    const out = 'state:FAILURE -queue:mail'

    expect(excludeFacet('state:FAILURE', chips.slice(0, 1), 'queue', 'mail')).toBe(out)
    expect(excludeFacet(text, chips, 'queue', 'mail')).toBe(out)
    expect(excludeFacet(out, [chip(out, '-queue:mail', 'queue', true)], 'queue', 'mail')).toBe(out)
  })

  it('is counted among all values of its field', () => {
    expect(withoutFacet(text, chips, 'queue')).toBe('state:FAILURE')
    expect(withoutFacet(text, chips, 'name')).toBe(text)
  })
})

describe('the values that are shown', () => {
  it('are the most frequent first, errors by their title', () => {
    const chips = [chip('error:b2', 'error:b2', 'error')]
    const values = facetValues(count({ 'a1 KeyError: <text>': 5, 'b2 ValueError: no': 10 }), chips, 'error')

    expect(values.map(({ label, share, chosen }) => [label, share, chosen])).toEqual([
      ['ValueError: no', 1, true],
      ['KeyError: <text>', 0.5, false],
    ])
  })

  it('say of what they are where that is not all', () => {
    expect(countedNote(count({ a: 1 }))).toBe('')
    expect(countedNote(count({ a: 9_000, b: 1_001 }, false))).toBe('of the newest 10,001 that have one')
    expect(countedNote(count({}, false))).toBe('not counted in time')
  })
})
