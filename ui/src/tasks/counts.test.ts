import { describe, expect, it } from 'vitest'
import { STATES, type Count } from '../api/types'
import { FACET_STATES, inStates, offeredStates, statesOf, whole } from './counts'

const all: Count = {
  total: 10_000,
  capped: true,
  complete: true,
  groups: { SUCCESS: 25_000, RETRY: 1 },
  groups_complete: true,
}
const newest: Count = { ...all, groups: { FAILURE: 10_001 }, groups_complete: false }
const untimely: Count = { total: 0, capped: false, complete: false, groups: {}, groups_complete: false }

describe('the number of all tasks', () => {
  it('is the sum of the states where the server knows them all', () => {
    expect(whole(all)).toEqual({ ...all, total: 25_001, capped: false })
  })

  it('stays open where only the newest were counted', () => {
    expect(whole(newest)).toBe(newest)
    expect(whole(untimely)).toBe(untimely)
  })
})

describe('the states that are offered', () => {
  it('are all, failures first', () => {
    expect(FACET_STATES.toSorted()).toEqual([...STATES].toSorted())
    expect(FACET_STATES[0]).toBe('FAILURE')
  })

  it('are those that tasks are in or that are asked for, and how most tasks end', () => {
    expect(offeredStates(all, [], new Set())).toEqual(['FAILURE', 'RETRY', 'SUCCESS'])
    expect(offeredStates(null, ['REVOKED'], new Set())).toEqual(['FAILURE', 'SUCCESS', 'REVOKED'])
    expect(offeredStates(newest, [], new Set())).toEqual(['FAILURE', 'SUCCESS'])
    expect(offeredStates(untimely, [], new Set())).toEqual(FACET_STATES)
  })

  it('stay once they were shown', () => {
    expect(offeredStates(all, [], new Set(['STARTED']))).toEqual(['FAILURE', 'RETRY', 'STARTED', 'SUCCESS'])
  })
})

describe('the number of tasks in some states', () => {
  it('is that of their chips', () => {
    expect(inStates(all, ['RETRY'])).toMatchObject({ total: 1, capped: false })
    expect(inStates(all, ['SUCCESS', 'FAILURE'])).toMatchObject({ total: 25_000 })
  })

  it('is counted for itself where the chips do not know, or the words are no states', () => {
    expect(inStates(newest, ['FAILURE'])).toBeNull()
    expect(inStates(all, ['FAIL*'])).toBeNull()
  })
})

describe('the states that tasks are in', () => {
  it('are known when all were counted', () => {
    expect(statesOf(all)).toEqual(['SUCCESS', 'RETRY'])
    expect(statesOf(newest)).toBeNull()
    expect(statesOf(null)).toBeNull()
  })
})
