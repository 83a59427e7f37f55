import { describe, expect, it } from 'vitest'
import { whole } from './counts'

describe('the number of all tasks', () => {
  it('is the sum of the states where the server knows them all', () => {
    const counted = { total: 10_000, capped: true, complete: true, groups: { SUCCESS: 25_000, RETRY: 1 } }

    expect(whole(counted)).toEqual({ ...counted, total: 25_001, capped: false })
  })

  it('stays open where only the newest were counted', () => {
    const counted = { total: 10_000, capped: true, complete: true, groups: { SUCCESS: 9_999, RETRY: 1 } }

    expect(whole(counted)).toBe(counted)
  })
})
