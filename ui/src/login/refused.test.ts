import { expect, it } from 'vitest'
import { letterOf, whyRefused } from './refused'

it('a refusal says whether a rule turned them away, or none fits', () => {
  expect(whyRefused({ because: '', rules: 5 })).toBe('None of 5 rules matches what came.')
  expect(whyRefused({ because: '', rules: 1 })).toContain('The only rule')
  expect(whyRefused({ because: '', rules: 0 })).toContain('no rules yet')
  expect(whyRefused({ because: 'rule 2: groups has "guests"', rules: 3 })).toContain('rule 2: groups has "guests"')
})

it('a letter has what an admin needs for a rule', () => {
  const letter = letterOf(
    { provider: 'okta', name: 'okta:ann@example.com', notes: ['There are too many groups.'], claims: { groups: ['staff'] }, because: '', rules: 2 },
    'Okta',
    'https://umbel.example/',
  )

  expect(letter).toContain('Umbel at https://umbel.example/')
  expect(letter).toContain('Okta (provider "okta") says that I am ann@example.com.')
  expect(letter).toContain('There are too many groups.')
  expect(letter).toContain('groups: staff')
})
