import { describe, expect, it } from 'vitest'
import type { DoctorItem } from '../api/schema'
import { grouped, replaced, summary } from './items'

const item = (id: string, verdict: DoctorItem['verdict'], muted = false): DoctorItem => ({
  id,
  verdict,
  subject: id,
  finding: 'It is so.',
  evidence: [],
  why: '',
  fix: null,
  cannot: '',
  docs: `docs/doctor#${id}`,
  muted: muted ? { by: 'ann', until: 1, reason: 'known' } : null,
})

describe('what the doctor says', () => {
  const items = [item('a', 'fault'), item('b', 'advice'), item('c', 'advice', true), item('d', 'unknown'), item('e', 'well')]

  it('has what is to be done first, what is muted apart, and what is well last', () => {
    const { open, muted, well } = grouped(items)

    expect([open, muted, well].map((group) => group.map(({ id }) => id).join(''))).toEqual(['abd', 'c', 'e'])
  })

  it('sums up what is not muted', () => {
    expect(summary(grouped(items))).toBe('1 fault, 1 piece of advice, 1 could not be looked at.')
    expect(summary(grouped([item('e', 'well')]))).toBe('Everything that was looked at is as it should be.')
  })

  it('puts a check that was looked at again in its place', () => {
    expect(grouped(replaced(items, item('a', 'well'))).well.map(({ id }) => id)).toEqual(['a', 'e'])
  })
})
