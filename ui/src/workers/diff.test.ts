import { expect, it } from 'vitest'
import { comparedSentence, gapsOf, valueWords } from './diff'

it('a value is told in the words of what it is of', () => {
  expect(valueWords('task', { value: 'true' })).toBe('registered')
  expect(valueWords('queue', { value: null })).toBe('not consumed')
  expect(valueWords('version', { value: '"5.7.0"' })).toBe('5.7.0')
  expect(valueWords('setting', { value: '{"a":1}' })).toBe('{"a":1}')
  expect(valueWords('setting', { value: '"cut…' })).toBe('"cut…')
  expect(valueWords('setting', { value: null })).toBe('not set')
})

it('what was compared, and what was not, is said', () => {
  expect(comparedSentence({ compared: 2, differences: [], more: 0 })).toBe('2 workers compared: no difference.')
  expect(comparedSentence({ compared: 0, differences: [], more: 0 })).toBe('No worker that is online answered: nothing is compared.')
  expect(comparedSentence({ compared: 1, differences: [], more: 0 })).toBe('1 worker answered alone: nothing is compared.')
  expect(gapsOf({ left_out: 0, not_compared: [], more: 0 })).toEqual([])
  expect(gapsOf({ left_out: 4_800, not_compared: ['task', 'setting'], more: 1 })).toEqual([
    '4,800 more workers were not asked: a part of the name narrows it.',
    'There was no time to ask for registered names, settings.',
    '1 more difference left out.',
  ])
})
