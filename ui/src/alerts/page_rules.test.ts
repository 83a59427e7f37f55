import { describe, expect, it } from 'vitest'
import { durationRule, endingRule, errorsRule, failureRateRule, searchRule } from './page_rules'

describe('a page suggests a rule', () => {
  it('about the failures of a search', () => {
    expect(searchRule(' queue:mail ')).toBe('failures of queue:mail > 0 over 10 min')
    expect(searchRule('state:FAILURE queue:mail')).toBe('failures of state:FAILURE queue:mail > 0 over 10 min')
    expect(searchRule('')).toBe('failures > 0 over 10 min')
  })

  it('about how many match where the search names other states', () => {
    expect(searchRule('state:STARTED started:..-1h')).toBe('count of state:STARTED started:..-1h > 0')
    expect(searchRule('-is:finished')).toBe('count of -is:finished > 0')
  })

  it('about errors, failures and ends', () => {
    expect(errorsRule('name:a.*')).toBe('new or reopened error of name:a.*')
    expect(failureRateRule('')).toBe('failure rate > 5 % over 10 min')
    expect(endingRule('name:a')).toBe('no success of name:a for 1 h')
  })

  it('about durations twice as long as now', () => {
    expect(durationRule('runtime', 'name:a', 12)).toBe('p95 runtime of name:a > 30 s over 10 min')
    expect(durationRule('wait', '', null)).toBe('p95 wait > 1 s over 10 min')
    expect(durationRule('runtime', '', 600)).toBe('p95 runtime > 30 min over 10 min')
  })
})
