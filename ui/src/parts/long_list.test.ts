import { describe, expect, it } from 'vitest'
import { ends } from './long_list'

describe('the ends of a list', () => {
  it('leave out what lies between, and tell how many that are', () => {
    expect(ends([1, 2, 3, 4, 5, 6, 7], 2, 3)).toEqual({ first: [1, 2], between: 2, last: [5, 6, 7] })
  })

  it('of a list that is short are the list', () => {
    expect(ends([1, 2, 3], 2, 1)).toEqual({ first: [1, 2, 3], between: 0, last: [] })
    expect(ends([], 2, 1)).toEqual({ first: [], between: 0, last: [] })
  })

  it('never leave out a single one, whose place the notice would take', () => {
    expect(ends([1, 2, 3, 4], 2, 1)).toEqual({ first: [1, 2, 3, 4], between: 0, last: [] })
  })
})
