import { describe, expect, it } from 'vitest'
import { compared } from './against_name'

const NAME = { n: 1204, mean: 1, p50: 0.8, p95: 2, p99: 3 }

describe('how long a task took, against its name', () => {
  it.each([
    [0.5, 'no longer than half', false],
    [0.9, 'longer than half', false],
    [2.5, 'longer than 95 %', true],
    [4.2, 'longer than 99 %', true],
  ])('%d s is %s', (seconds, words, long) => {
    expect(compared(seconds, NAME)).toMatchObject({
      words: `${words} of 1,204; half take up to 800 ms, 95 % up to 2.0 s`,
      long,
    })
  })

  it('is no hundredth part of less than a hundred', () => {
    expect(compared(4.2, { ...NAME, n: 99 })?.words).toMatch(/^longer than 95 % of 99;/)
  })

  it('is drawn from zero, and fits', () => {
    const bar = compared(4, NAME)

    expect(bar?.own).toBeCloseTo(1 / 1.1)
    expect(bar?.half).toBeCloseTo(0.8 / 4.4)
    expect(bar?.most).toBeCloseTo(2 / 4.4)
  })

  it('is not told of too few, nor of what is not known', () => {
    expect(compared(1, { ...NAME, n: 19 })).toBeNull()
    expect(compared(null, NAME)).toBeNull()
    expect(compared(1, null)).toBeNull()
  })

  it('of tasks that take no time is no division by it', () => {
    expect(compared(0, { n: 50, mean: 0, p50: 0, p95: 0, p99: 0 })).toMatchObject({ own: 0, half: 0, most: 0, long: false })
  })
})
