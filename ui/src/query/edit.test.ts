import { describe, expect, it } from 'vitest'
import type { Chip } from '../api/types'
import { chosenStates, offeredSpan, removeChip, splice, term, toggleState, withoutState } from './edit'

function chip(text: string, part: string, field: string | null = null, negated = false): Chip {
  const start = text.indexOf(part)
  return { text: part, start, end: start + part.length, field, negated }
}

describe('a search text', () => {
  const text = 'name:a state:FAILURE,RETRY "no answer"'
  const chips = [
    chip(text, 'name:a', 'name'),
    chip(text, 'state:FAILURE,RETRY', 'state'),
    chip(text, '"no answer"'),
  ]

  it('loses a chip and the gap that it leaves', () => {
    expect(chips.map((one) => removeChip(text, one))).toEqual([
      'state:FAILURE,RETRY "no answer"',
      'name:a "no answer"',
      'name:a state:FAILURE,RETRY',
    ])
  })

  it('gains a state, and loses it again', () => {
    expect(toggleState(text, chips, 'REVOKED')).toBe('name:a state:FAILURE,RETRY,REVOKED "no answer"')
    expect(toggleState(text, chips, 'RETRY')).toBe('name:a state:FAILURE "no answer"')
    expect(toggleState('', [], 'RETRY')).toBe('state:RETRY')
  })

  it('loses the whole chip with its last state', () => {
    const one = 'state:RETRY name:a'

    expect(toggleState(one, [chip(one, 'state:RETRY', 'state')], 'RETRY')).toBe('name:a')
  })

  it('leaves a negated state alone', () => {
    const without = '-state:SUCCESS'
    const negated = [chip(without, '-state:SUCCESS', 'state', true)]

    expect(chosenStates(negated)).toEqual([])
    expect(withoutState(without, negated)).toBe(without)
    expect(toggleState(without, negated, 'RETRY')).toBe('state:RETRY -state:SUCCESS')
  })

  it('is counted whatever the state', () => {
    expect(withoutState(text, chips)).toBe('name:a "no answer"')
  })

  it('that means either of two things stands in brackets when a term is added', () => {
    for (const [before, after] of [
      ['a OR b', 'state:RETRY (a OR b)'],
      ['(a) OR (b)', 'state:RETRY ((a) OR (b))'],
      ['(a OR b)', 'state:RETRY (a OR b)'],
    ] as const) {
      expect(toggleState(before, [chip(before, before)], 'RETRY')).toBe(after)
    }
  })

  it('says where the caret belongs after a suggestion', () => {
    expect(splice('stat foo', { start: 0, end: 4 }, 'state:')).toEqual({ text: 'state: foo', caret: 6 })
  })
})

describe('a term', () => {
  it.each([
    ['name', 'shop.orders.charge', 'name:shop.orders.charge'],
    ['worker', 'celery@host-1', 'worker:celery@host-1'],
    ['exception', "KeyError('a b')", 'exception:"KeyError(\'a b\')"'],
    ['uuid', 'a,b', 'uuid:"a,b"'],
    ['name', '-x', 'name:"-x"'],
    ['exception', 'say "no" \\ yes', 'exception:"say \\"no\\" \\\\ yes"'],
  ])('%s of %s', (field, value, text) => {
    expect(term(field, value)).toBe(text)
  })
})

describe('an offered text', () => {
  const item = { start: 6, end: 8, insert: 'zq.charge' }
  const answered = { text: 'state:zq x', caret: 8 }

  it('takes the place of the word for which it was offered', () => {
    expect(offeredSpan(item, answered, 'state:zq x', 8)).toEqual(item)
  })

  it('takes the place of all that was typed of the word since', () => {
    expect(offeredSpan(item, answered, 'state:zq. x', 9)).toEqual({ start: 6, end: 9 })
  })

  it('is not taken where the word goes on in another way', () => {
    expect(offeredSpan(item, answered, 'state:zqa x', 9)).toBeNull()
    expect(offeredSpan(item, answered, 'other:zq. x', 9)).toBeNull()
  })
})
