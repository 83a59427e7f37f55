import { describe, expect, it } from 'vitest'
import type { Me } from '../api/control_types'
import { refusal } from './refusal'

const ann: Me = {
  name: 'ann',
  role: 'operator',
  permissions: ['read', 'operate'],
  read_only: false,
  login: true,
  via: 'session',
}

describe('what somebody may not do', () => {
  it('is said with the role that it needs', () => {
    expect(refusal(ann, 'operate')).toBeNull()
    expect(refusal(ann, 'administer')).toBe('This needs the role admin; ann is operator.')
  })

  it('is everything where nobody may', () => {
    expect(refusal({ ...ann, permissions: ['read'], read_only: true }, 'operate')).toContain('read-only')
  })

  it('is not offered to somebody unknown', () => {
    expect(refusal(null, 'operate')).not.toBeNull()
  })
})
