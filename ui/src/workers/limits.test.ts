import { expect, it } from 'vitest'
import { parseJson } from '../json/parse'
import { limitsOf, limitsOfPool, perSecond, usually, written, type Limits } from './limits'

const NONE: Limits = { rate: null, soft_s: null, hard_s: null, others: '' }
const read = (value: unknown): ReturnType<typeof parseJson> => parseJson(JSON.stringify(value))

it.each<[string, Partial<Limits>]>([
  ['', {}],
  ['rate_limit=5/m', { rate: '5/m' }],
  ['rate_limit=0', {}],
  ['rate_limit=None soft_time_limit=None', {}],
  ['exchange=post routing_key=a b rate_limit=10 soft_time_limit=0.5 time_limit=30', { rate: '10', soft_s: 0.5, hard_s: 30, others: 'exchange=post routing_key=a b' }],
  ['<b>what?</b> time_limit=soon', { others: '<b>what?</b>' }],
])('limits behind a name are read: %s', (text, limits) => {
  expect(limitsOf(text)).toEqual({ ...NONE, ...limits })
})

it.each([['5', 5], ['30/m', 0.5], ['36/h', 0.01], ['fast', null], ['', null]])('the rate %s is %s in a second', (rate, value) => {
  expect(perSecond(rate)).toBe(value)
})

it('a field has what the task says, and names what the worker has for all', () => {
  const pool = limitsOfPool(read({ pool: { timeouts: [0, 1_500] } }))

  expect((['rate', 'soft', 'hard'] as const).map((limit) => usually(pool, limit))).toEqual(['none', 'none', '1,500'])
  expect((['rate', 'soft', 'hard'] as const).map((limit) => written({ ...NONE, rate: '5/m', soft_s: 0.5 }, limit))).toEqual(['5/m', '0.5', ''])
  for (const rubbish of [null, {}, { pool: 1 }, { pool: { timeouts: 'N/A' } }, { pool: { timeouts: [{}, []] } }]) expect(limitsOfPool(read(rubbish))).toEqual({ soft_s: null, hard_s: null })
})
