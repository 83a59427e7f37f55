import { describe, expect, it } from 'vitest'
import { afterLogout, providerPath, targetOf } from './target'

const BASE = 'https://tools.example.com/umbel/'

function next(value: string): string {
  return targetOf(`?next=${encodeURIComponent(value)}`, BASE)
}

describe('the page after the login', () => {
  it('is the one that was asked for, with its search', () => {
    expect(next('tasks?q=state:FAILURE&order=-runtime')).toBe(
      `${BASE}tasks?q=state:FAILURE&order=-runtime`,
    )
  })

  it('is the first page when none was asked for', () => {
    expect(targetOf('', BASE)).toBe(BASE)
  })

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '../other',
    '../../',
    '/etc',
  ])('is never elsewhere: %s', (value) => {
    const target = new URL(next(value))

    expect(target.origin).toBe('https://tools.example.com')
    expect(target.pathname.startsWith('/umbel/')).toBe(true)
  })

  it('is not the login again', () => {
    expect(next('login?next=login')).toBe(BASE)
  })
})

describe('the way to a provider', () => {
  const path = (next: string): string => providerPath('login/okta', `?next=${encodeURIComponent(next)}`, BASE)

  it('leads to what was asked for afterwards', () => {
    expect(path('tasks?q=a b')).toBe('login/okta?next=tasks%3Fq%3Da%2520b')
    expect(providerPath('login/okta', '', BASE)).toBe('login/okta')
  })

  it('leads to no other site', () => {
    expect(path('//evil.example/')).not.toContain('next=%2F')
    expect(path('\\\\evil.example/')).toMatch(/^login\/okta\?next=evil/)
  })
})

it.each([
  ['https://okta.example/logout?x=1', 'https://okta.example/logout?x=1'],
  [null, `${BASE}login?left`],
  ['javascript:alert(1)', `${BASE}login?left`],
  ['data:text/html,x', `${BASE}login?left`],
  ['', `${BASE}login?left`],
])('a logout that goes on to %s leads to a page: %s', (goOn, page) => {
  expect(afterLogout(goOn, BASE)).toBe(page)
})
