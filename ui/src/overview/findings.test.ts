import { describe, expect, it } from 'vitest'
import type { HealthFinding } from '../api/schema'
import { evidenceWords, hasShape, planOf, shownFindings } from './findings'

const MUTED = { by: 'ann', until: 9, reason: 'known' }
const REQUEST = { action: 'add_consumer', ids: null, q: null, tz: 'UTC', workers: ['w1'], queue: 'mail', name: null }

function finding(id: string, more: Partial<HealthFinding> = {}): HealthFinding {
  const action = { label: 'Open', kind: 'link', request: null, address: 'queues/mail' } as const
  return { id, rule: id, subject: '', severity: 'warning', sentence: id, why: '', since: null, evidence: null, action, docs: '', muted: null, ...more }
}

describe('findings', () => {
  it('are shown five at most until more are wanted; muted ones stand apart', () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => finding(id)).concat(finding('g', { muted: MUTED }))

    const some = shownFindings(all, false)
    expect([some.open.length, some.more, some.muted.map(({ id }) => id)]).toEqual([5, 1, ['g']])
    expect(shownFindings(all, true).more).toBe(0)
  })

  it('have their evidence in words, too', () => {
    const points = [{ at: 1, value: 3 }, { at: 2, value: 307 }]

    expect(evidenceWords({ kind: 'queue', unit: 'messages', name: 'mail', points, usual: null })).toBe('mail: 307 messages now')
    expect(evidenceWords({ kind: 'series', unit: 'share', name: '', points: [{ at: 1, value: 0.09 }], usual: 0.03 })).toBe('9 % now, 3 % usually')
  })

  it('are drawn when their numbers moved', () => {
    expect([[], [{ value: 3 }, { value: 3 }], [{ value: 3 }, { value: 4 }]].map(hasShape)).toEqual([false, false, true])
  })

  it('lead to the plan of an action, or only to a page', () => {
    const action = { label: 'Consume', kind: 'plan', request: REQUEST, address: null } as unknown as HealthFinding['action']

    expect(planOf(finding('a', { action }))).toEqual({ action: 'add_consumer', target: { workers: ['w1'], queue: 'mail' } })
    expect(planOf(finding('a'))).toBeNull()
  })
})
