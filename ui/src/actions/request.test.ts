import { describe, expect, it } from 'vitest'
import { actionLabel } from './kinds'
import { firstTyped, requestOf } from './request'
import { FieldMistake } from './values'

const typed = firstTyped({})

describe('a request', () => {
  it('has what it is about and only the fields of its action', () => {
    expect(requestOf('revoke', { ids: ['a'] }, typed)).toEqual({ action: 'revoke', ids: ['a'] })
    expect(requestOf('terminate', { q: '' }, typed)).toEqual({ action: 'terminate', q: '', signal: 'SIGTERM' })
    expect(requestOf('autoscale', { workers: ['w@h'] }, { ...typed, min: '1', max: '4' })).toEqual({
      action: 'autoscale',
      workers: ['w@h'],
      min: 1,
      max: 4,
    })
    expect(requestOf('time_limit', {}, { ...typed, name: 'a.b', soft: '30' })).toEqual({
      action: 'time_limit',
      name: 'a.b',
      soft: 30,
    })
  })

  it('is not made of what is missing', () => {
    expect(() => requestOf('add_consumer', { workers: [] }, typed)).toThrow(FieldMistake)
    expect(() => requestOf('rate_limit', {}, { ...typed, name: 'a.b' })).toThrow('A rate')
  })
})

describe('a button', () => {
  it('says what it does, to how many', () => {
    expect(actionLabel('revoke', { count: 1204, capped: false, complete: true })).toBe('Revoke 1,204 tasks')
    expect(actionLabel('retry', { count: 1, capped: false, complete: true })).toBe('Retry 1 task')
    expect(actionLabel('revoke', { count: 10_000, capped: true, complete: true })).toBe('Revoke over 10,000 tasks')
    expect(actionLabel('ping', { count: 2, capped: false, complete: true })).toBe('Ping: 2 workers')
    expect(actionLabel('retry', { count: 40, capped: false, complete: false })).toBe('Retry at least 40 tasks')
    expect(actionLabel('retry', { count: 0, capped: false, complete: false })).toBe('Retry tasks')
    expect(actionLabel('purge', { count: 12, capped: false, complete: true })).toBe('Purge 12 messages')
  })
})
