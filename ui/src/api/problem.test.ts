import { describe, expect, it } from 'vitest'
import { problemFrom, unreachable } from './problem'

describe('a problem', () => {
  it('keeps the place and the suggestion of a bad query', () => {
    const problem = problemFrom(400, {
      title: 'Bad query',
      detail: 'There is no field “stat”.',
      position: 4,
      end: 8,
      suggestion: 'state',
    })

    expect(problem.span).toEqual({ start: 4, end: 8 })
    expect(problem.suggestion).toBe('state')
    expect(problem.message).toBe('There is no field “stat”.')
  })

  it('is told even when the answer was no problem document', () => {
    expect(problemFrom(502, null).detail).toContain('502')
    expect(problemFrom(502, 'Bad gateway').span).toBeNull()
  })

  it('says what it means when nothing answers', () => {
    expect(unreachable().status).toBe(0)
    expect(unreachable().message).toContain('cannot be reached')
  })
})
