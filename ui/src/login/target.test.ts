import { describe, expect, it } from 'vitest'
import { targetOf } from './target'

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
