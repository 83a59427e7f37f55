import { describe, expect, it } from 'vitest'
import type { GroupState } from '../api/schema'
import { brief, cellPath, conditions, countLabel, countWord, errorIdOf, sinceDeploySentence, someOf, stateSentence, trendChart } from './group'

const ID = '3f9c2a1b7d04'
const NOW = Date.UTC(2026, 10, 22, 12) / 1000
const OPEN: GroupState = {
  state: 'open', by: null, at: null, note: '', noted_by: '', until: null, rate: null, total: null, next_deploy: false, was: null, reopened: null, because: null,
}

const q = (path: string): string | null => new URLSearchParams(path.slice(path.indexOf('?'))).get('q')

it('a count that time did not suffice for is at least so many', () => {
  expect([countWord(1_530, true), countLabel(1_530, true)]).toEqual(['1,530', '1,530 tasks in this time'])
  expect([countWord(1_530, false), countLabel(1_530, false)]).toEqual(['1,530+', 'At least 1,530 tasks in this time'])
})

describe('the deploy since which an error is seen', () => {
  it('is told with the time between them', () => {
    const deploy = { id: 'd', at: 0, title: 'Deploy of 5.7', phrase: 'the deploy of 5.7', version: '5.7', after_s: 251 }

    expect(sinceDeploySentence(deploy)).toBe('First seen 4 min after the deploy of 5.7, never before.')
    expect(sinceDeploySentence({ ...deploy, phrase: 'a deploy (workers restarted)', after_s: 12.4 })).toBe('First seen 12 s after a deploy (workers restarted), never before.')
  })
})

describe('a cell of the matrix', () => {
  it('leads to the tasks that it counts', () => {
    expect(q(cellPath(ID, '1h'))).toBe(`error:${ID} state:FAILURE finished:-1h..`)
  })

  it('keeps what the list is narrowed by', () => {
    expect(q(cellPath(ID, '7d', 'queue:mail'))).toBe(`queue:mail error:${ID} state:FAILURE finished:-7d..`)
    expect(q(cellPath(ID, '7d', 'name:a OR name:b'))).toBe(`(name:a OR name:b) error:${ID} state:FAILURE finished:-7d..`)
  })
})

describe('what was decided', () => {
  it.each<[Partial<GroupState>, string | null]>([
    [{}, null],
    [{ by: 'ann', at: NOW - 180, note: 'Ask Bo.', noted_by: 'ann' }, null],
    [{ state: 'resolved', by: 'ann', at: NOW - 180 }, 'Resolved by ann 3 min ago, until it fails again.'],
    [{ state: 'ignored', by: 'ann', at: NOW - 180 }, 'Ignored by ann 3 min ago, until somebody reopens it.'],
    [
      { was: 'resolved', by: 'ann', at: NOW - 180, reopened: NOW - 60, because: 'It failed again after it had been resolved.' },
      'Open again since 11:59:00. It failed again after it had been resolved. It had been resolved by ann 3 min ago.',
    ],
  ])('%o', (state, sentence) => {
    expect(stateSentence({ ...OPEN, ...state }, NOW, 'utc')).toBe(sentence)
  })

  it('holds until the first of its conditions', () => {
    expect(conditions({ until: NOW + 3_600, rate: 10, total: 1, next_deploy: false }, NOW, 'utc')).toBe(
      '13:00:00, or until it fails 10 times within a minute, or until it has failed 1 time more',
    )
  })
})

describe('an error in a line', () => {
  it('says how often, since when, and of how many names', () => {
    const group = { count: 41, first: NOW - 600, names: ['a', 'b'] }

    expect(brief(group, true, NOW, 'utc')).toBe('41 times in the last hour, first 11:50:00, 2 names')
    expect(brief(group, false, NOW, 'utc')).toContain('at least 41 times')
    expect(brief({ count: 0, first: null, names: [] }, true, NOW, 'utc')).toBe('not in the last hour')
  })

  it('names the most frequent name', () => {
    expect(someOf(['a', 'b', 'c'])).toEqual({ first: 'a', more: 'and 2 more' })
    expect(someOf([])).toEqual({ first: '', more: '' })
  })
})

describe('the trend', () => {
  it('marks the bucket that goes on', () => {
    const { buckets, series } = trendChart({ trend: [1, 2, 3], start: 100, bucket_s: 60 }, 250)

    expect(buckets).toEqual({ starts: [100, 160, 220], length_s: 60, partial: 1 })
    expect(series[0]?.values).toEqual([1, 2, 3])
  })
})

describe('the id of an error', () => {
  it('stands before its title', () => {
    expect(errorIdOf(`${ID} KeyError: <text>`)).toBe(ID)
    expect(errorIdOf('KeyError: <text>')).toBeNull()
    expect(errorIdOf(null)).toBeNull()
  })
})
