import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../api/control_types'
import { filterPath, madeBy, merged, offered, readFilter, wentWrong, wordsOf } from './lines'

const line = (number: number, more: Partial<AuditEntry>): AuditEntry => ({
  at: number,
  actor: 'ann',
  address: '127.0.0.1',
  via: 'browser',
  action: 'revoke',
  target: 'Revoke 1 task.',
  action_id: 'a',
  query: null,
  count: 1,
  outcome: null,
  answer: null,
  reason: null,
  tasks: [],
  number,
  ...more,
})
const numbers = (entries: AuditEntry[]): number[] => entries.map((one) => one.number)

describe('the audit', () => {
  it('shows what has ended once, and what has not as begun', () => {
    expect(numbers(merged([line(3, { action_id: 'b' }), line(2, { outcome: 'done' }), line(1, {})]))).toEqual([3, 2])
  })

  it('keeps a cancellation beside what it stopped', () => {
    const entries = [line(3, { outcome: 'cancelled' }), line(2, { action: 'cancel', outcome: 'asked' }), line(1, {})]

    expect(numbers(merged(entries))).toEqual([3, 2])
  })

  it('tells tasks that were sent apart by their ids', () => {
    const sent = { action: 'apply', action_id: null }

    expect(
      numbers(
        merged([
          line(3, { ...sent, target: 'a.b as 2', outcome: 'done' }),
          line(2, { ...sent, target: 'a.b as 2' }),
          line(1, { ...sent, target: 'a.b as 1' }),
        ]),
      ),
    ).toEqual([3, 1])
  })

  it('leads to the task that was made, or to all of them', () => {
    const sent = { action: 'apply', action_id: null, tasks: ['t/1'] }

    expect(madeBy(line(1, {}))).toBeNull()
    expect(madeBy(line(1, { ...sent, outcome: 'done' }))).toEqual({ href: 'tasks/t%2F1', label: 'Open the new task' })
    expect(madeBy(line(1, sent))?.label).toBe('Look for the task')
    expect(madeBy(line(1, { action_id: 'a', tasks: ['t1', 't2'] }))?.href).toBe('actions/a')
  })

  it('shows lines of kinds that it does not know', () => {
    const login = { action: 'key_rotation', action_id: null, outcome: 'refused', count: null }

    expect(numbers(merged([line(2, login), line(1, login)]))).toEqual([2, 1])
    expect(wordsOf('key_rotation')).toBe('Key rotation')
    expect(wordsOf('create-token')).toBe('Create token')
    expect(wentWrong(line(1, login))).toBe(true)
    expect(offered('key_rotation')).toContain('key_rotation')
    expect(offered('revoke')).toEqual(offered(''))
    expect(offered('resolve-error')).toEqual(offered(''))
  })

  it('is filtered by its address', () => {
    expect(filterPath({ actor: ' ann ', action: '' })).toBe('audit?actor=ann')
    expect(filterPath({ actor: '', action: '' })).toBe('audit')
    expect(readFilter('?actor=a%26b&action=retry')).toEqual({ actor: 'a&b', action: 'retry' })
  })
})
