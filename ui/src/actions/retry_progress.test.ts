import { describe, expect, it } from 'vitest'
import { progressSentence, isOver } from './retry_progress'

describe('what became of tasks that were sent again', () => {
  it('is told by how they ended, and what is still to come', () => {
    expect(progressSentence({ SUCCESS: 3, FAILURE: 1, PENDING: 2, RECEIVED: 5 }, 11)).toBe('3 succeeded, 1 failed, 7 wait.')
    expect(progressSentence({ REVOKED: 1, STARTED: 2, RETRY: 1 }, 4)).toBe('1 was revoked, 2 were begun, 1 is tried again.')
  })

  it('does not count those of which nothing was heard', () => {
    expect(progressSentence({}, 3)).toBe('3 were not heard of yet.')
    expect(progressSentence({ SUCCESS: 1 }, 2)).toBe('1 succeeded, 1 was not heard of yet.')
  })

  it('is over when all have ended', () => {
    expect(isOver({ SUCCESS: 1, FAILURE: 1 }, 2)).toBe(true)
    expect(isOver({ SUCCESS: 1, STARTED: 1 }, 2)).toBe(false)
  })
})
