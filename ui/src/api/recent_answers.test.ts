import { describe, expect, it } from 'vitest'
import { RecentAnswers } from './recent_answers'

describe('answers of a moment ago', () => {
  it('are there for whoever comes back within a minute', () => {
    let now_ms = 0
    const answers = new RecentAnswers(() => now_ms)
    answers.put('names', ['charge'])

    now_ms = 59_999
    expect(answers.of('names')).toEqual(['charge'])
    expect(answers.of('errors')).toBeNull()
    now_ms = 60_000
    expect(answers.of('names')).toBeNull()
  })

  it('are few, the latest', () => {
    const answers = new RecentAnswers(() => 0)
    for (let number = 0; number < 100; number++) answers.put(`page ${number}`, number)

    expect(answers.of('page 59')).toBeNull()
    expect(answers.of('page 60')).toBe(60)
    expect(answers.of('page 99')).toBe(99)
  })

  it('are gone when something was changed', () => {
    const answers = new RecentAnswers(() => 0)
    answers.put('errors', 7)
    answers.clear()
    expect(answers.of('errors')).toBeNull()
  })
})
