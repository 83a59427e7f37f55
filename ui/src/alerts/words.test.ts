import { describe, expect, it } from 'vitest'
import { alertPath, draftPath, editPath, linkPath, nameInRule, readShown, subjectOf, viewPath } from './words'

describe('alerts', () => {
  it('have their page whatever their id begins with', () => {
    expect(alertPath('a1')).toBe('alerts/a1')
    expect(alertPath('=a1')).toBe('alerts/=%3Da1')
  })

  it('are shown as the address says, those that fire without a word', () => {
    expect(readShown('')).toEqual({ view: 'firing', draft: '', edit: '' })
    expect(readShown('?view=history')).toEqual({ view: 'history', draft: '', edit: '' })
    expect(readShown('?view=nonsense')).toEqual({ view: 'firing', draft: '', edit: '' })
    expect(viewPath('firing')).toBe('alerts')
    expect(viewPath('rules')).toBe('alerts?view=rules')
  })

  it('begin with a rule that another page wrote', () => {
    const path = draftPath('failures of name:a > 0 over 10 min')
    expect(readShown(path.replace('alerts', ''))).toEqual({ view: 'rules', draft: 'failures of name:a > 0 over 10 min', edit: '' })
  })

  it('are changed at an address of their own', () => {
    expect(readShown(editPath('a b').replace('alerts', ''))).toEqual({ view: 'rules', draft: '', edit: 'a b' })
  })

  it('are written from a name', () => {
    expect(nameInRule('mail')).toBe('mail')
    expect(nameInRule('my "mail"')).toBe('"my \\"mail\\""')
  })

  it('lead to the page that they are about', () => {
    expect(linkPath({ id: 'a', link: '/queues/mail?from=1' })).toBe('queues/mail?from=1')
    expect(linkPath({ id: 'a', link: '/?from=1' })).toBe('?from=1')
    expect(linkPath({ id: 'a', link: '' })).toBe('alerts/a')
  })

  it('name a queue or a worker, and no ids', () => {
    expect(subjectOf({ subject: 'mail', condition: 'depth of queue * > 1' })).toBe('mail')
    expect(subjectOf({ subject: '3f9c', condition: 'new or reopened error' })).toBe('')
    expect(subjectOf({ subject: 'no-worker', condition: 'any critical finding' })).toBe('')
  })
})
