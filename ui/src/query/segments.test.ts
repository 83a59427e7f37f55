import { describe, expect, it } from 'vitest'
import type { Chip } from '../api/types'
import { segments } from './segments'

const chip = (text: string, part: string): Chip => {
  const start = text.indexOf(part)
  return { text: part, start, end: start + part.length, field: null, negated: false }
}

describe('a search text in segments', () => {
  const text = '(name:a OR queue:b) x'

  it('is all of the text, chip by chip', () => {
    const cut = segments(text, [chip(text, 'queue:b'), chip(text, 'name:a'), chip(text, 'x')])

    expect(cut.map((one) => one.text)).toEqual(['(', 'name:a', ' OR ', 'queue:b', ') ', 'x'])
    expect(cut.map((one) => one.chip?.text ?? null)).toEqual([null, 'name:a', null, 'queue:b', null, 'x'])
  })

  it('without chips is one segment, and empty it has none', () => {
    expect(segments(text, [])).toEqual([{ text, chip: null }])
    expect(segments('', [])).toEqual([])
  })

  it('leaves out chips of another text', () => {
    const outside: Chip = { text: 'b', start: 90, end: 91, field: null, negated: false }

    expect(segments(text, [chip(text, 'name:a'), chip(text, 'name:a'), outside]).map((one) => one.text)).toEqual([
      '(',
      'name:a',
      ' OR queue:b) x',
    ])
  })
})
