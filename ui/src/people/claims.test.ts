import { describe, expect, it } from 'vitest'
import { claimLines, claimText } from './claims'

const lines = (claims: Record<string, unknown>): string[] =>
  claimLines(claims).lines.map(({ path, values, more }) => `${path}=${values.join('|')}${more > 0 ? `+${more}` : ''}`)

describe('claims', () => {
  it('are lines, nested ones by the path that a rule names', () => {
    expect(
      lines({ email: 'ann@example.com', groups: ['a', 'b'], email_verified: true, realm_access: { roles: ['r'] }, empty: {} }),
    ).toEqual(['email=ann@example.com', 'groups=a|b', 'email_verified=true', 'realm_access.roles=r', 'empty={}'])
  })

  it('that are many are shown in part, and the rest is counted', () => {
    const many = claimLines(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c${index}`, index])))

    expect([many.lines.length, many.more]).toEqual([60, 40])
    expect(lines({ groups: Array.from({ length: 31 }, () => 'g') })[0]).toMatch(/\+1$/)
  })

  it('that are long or deep are cut, and say so', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`) as Record<string, unknown>

    expect(lines({ long: 'x'.repeat(5_000) })[0]).toContain('x… (5,000 characters)')
    expect(lines(deep)).toHaveLength(1)
  })

  it('are a text to send', () => {
    expect(claimText({ email: 'a@b.c', groups: ['x', 'y'] })).toBe('email: a@b.c\ngroups: x, y')
  })
})
