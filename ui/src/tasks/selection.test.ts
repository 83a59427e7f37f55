import { describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import type { Chip, Count, State } from '../api/types'
import { allThatMatch, useless } from './selection'

const chip = (text: string): Chip => ({ text, start: 0, end: text.length, field: 'state', negated: false })
const counted = (groups: Record<string, number>, whole = true): Count => ({
  total: 0,
  capped: !whole,
  complete: true,
  groups,
  groups_complete: whole,
})
const rows = (...states: State[]) => states.map((state) => exampleTask({ state }))

describe('an action on what is selected', () => {
  it('is of no use with the same reason for rows and for all that match', () => {
    const all = allThatMatch([chip('state:FAILURE')], counted({ FAILURE: 34, STARTED: 3 })) ?? []

    expect(useless('revoke', rows('FAILURE', 'FAILURE'))).toBe('the task has ended.')
    expect(useless('revoke', all)).toBe('the task has ended.')
    expect(useless('retry', all)).toBeNull()
  })

  it('is of use when it is to any of them', () => {
    expect(useless('revoke', rows('FAILURE', 'RECEIVED'))).toBeNull()
    expect(useless('revoke', allThatMatch([], counted({ FAILURE: 34, PENDING: 3 })) ?? [])).toBeNull()
  })
})

describe('all that match', () => {
  it('are in the states that were counted, when all were', () => {
    expect(allThatMatch([], counted({ SUCCESS: 3, FAILURE: 1, STARTED: 0 }))?.map((one) => one.state)).toEqual([
      'SUCCESS',
      'FAILURE',
    ])
  })

  it('are in the states that the search asks for, however many they are', () => {
    const states = allThatMatch([chip('state:FAILURE,RETRY')], counted({ SUCCESS: 10_001 }, false))

    expect(states?.map((one) => one.state)).toEqual(['FAILURE', 'RETRY'])
  })

  it('may be in any where neither tells', () => {
    expect(allThatMatch([], counted({ SUCCESS: 10_001 }, false))).toBeNull()
    expect(allThatMatch([chip('state:FAIL*')], null)).toBeNull()
  })
})
