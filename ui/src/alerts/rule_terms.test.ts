import { describe, expect, it } from 'vitest'
import type { AlertRule } from '../api/schema'
import { clearChoices, escalationChoices, newTerms, pendingChoices, termsOf, termsToSend } from './rule_terms'

const RULE: AlertRule = {
  id: 'r',
  name: 'Shop',
  condition: 'any finding',
  severity: 'critical',
  pending_s: 45,
  clear_s: 0,
  notify: ['mail'],
  escalate_s: 900,
  escalate_to: ['phone'],
  note: 'runbook',
  enabled: false,
  created: 1,
  changed: 2,
  changed_by: 'ada',
  in_settings: false,
}

describe('the terms of a rule', () => {
  it('are all those of a rule that is changed', () => {
    const { id, created, changed, changed_by, in_settings, ...terms } = RULE
    expect(termsOf(RULE)).toEqual(terms)
    expect([id, created, changed, changed_by, in_settings]).toEqual(['r', 1, 2, 'ada', false])
  })

  it('are sent without blanks, and without those to whom nothing is escalated', () => {
    const typed = { ...newTerms('any finding'), name: ' Shop ', note: ' x ', escalate_to: ['phone'] }
    expect(termsToSend(typed)).toMatchObject({ name: 'Shop', note: 'x', escalate_to: [] })
    expect(termsToSend({ ...typed, escalate_s: 900 }).escalate_to).toEqual(['phone'])
  })

  it('offer the length that a program chose among the usual ones', () => {
    expect(pendingChoices(45).map(({ words }) => words)).toEqual(['at once', 'after 45 s', 'after 2 min', 'after 5 min', 'after 15 min'])
    expect(clearChoices(60).map(({ length_s }) => length_s)).toEqual([0, 60, 300, 900])
    expect(escalationChoices(null).map(({ words }) => words)).toContain('after 1 h')
  })
})
