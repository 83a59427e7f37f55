import { expect, it } from 'vitest'
import { formatShare } from './share'

it('a share has the digits that matter', () => {
  const shares = [0, 0.00001, 0.0004, 0.012, 0.0973, 0.1, 0.5, 0.9997, 1]
  expect(shares.map(formatShare)).toEqual(['0 %', '< 0.01 %', '0.04 %', '1.2 %', '9.7 %', '10 %', '50 %', '99.9 %', '100 %'])
})
