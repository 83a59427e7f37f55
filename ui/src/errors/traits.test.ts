import { describe, expect, it } from 'vitest'
import { sampleSentence, share, traitLabel } from './traits'

describe('what failures share', () => {
  it('is named by field and value, an hour by when it began', () => {
    expect(traitLabel({ field: 'worker', value: 'celery@eu-1' }, String)).toBe('worker: celery@eu-1')
    expect(traitLabel({ field: 'hour', value: '1970-01-01T01:00Z' }, String)).toBe('hour: from 3600')
  })

  it('is a share that is never 100 % of less than all, nor nothing of some', () => {
    expect(share(399, 400)).toBe('99 %')
    expect(share(1, 400)).toBe('under 1 %')
    expect(share(0, 0)).toBe('none')
  })

  it('says of how many it was found', () => {
    expect(sampleSentence({ failures: 400, successes: 480, names: ['shop.pay'] })).toBe('The newest 400 failures of this time were compared with 480 successes of shop.pay.')
    expect(sampleSentence({ failures: 9, successes: 1, names: ['a', 'b', 'c'] })).toBe('All 9 failures of this time were compared with 1 success of a and 2 more names.')
  })
})
