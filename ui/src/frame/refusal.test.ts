import { describe, expect, it } from 'vitest'
import { exampleMe } from '../api/examples'
import { refusal, refusalOfAll, refusalOfAny, refusalOfNamed, refusalOfTask, refusalOfTasks, refusalToSend } from './refusal'

const ann = exampleMe({ name: 'ann', role: 'operator', permissions: ['read', 'operate'] })
const bill = exampleMe({
  name: 'bill',
  role: 'viewer',
  permissions: ['read'],
  grants: [{ role: 'operator', name: 'billing.*', queue: null, because: 'rule 1' }],
})
const charge = { name: 'billing.charge', queue: 'slow' }
const mail = { name: 'mail.send', queue: 'mail' }

describe('what somebody may not do', () => {
  it('is said with the role that it needs', () => {
    expect(refusal(ann, 'operate')).toBeNull()
    expect(refusal(ann, 'administer')).toBe('This needs the role admin; ann is operator.')
  })

  it('is everything where nobody may', () => {
    const nobody = { ...bill, read_only: true }

    expect(refusal({ ...ann, permissions: ['read'], read_only: true }, 'operate')).toContain('read-only')
    expect(refusalOfTask(nobody, 'operate', charge)).toContain('read-only')
    expect(refusalOfAny(nobody, 'operate')).toContain('read-only')
  })

  it('is not offered to somebody unknown', () => {
    expect(refusal(null, 'operate')).not.toBeNull()
    expect(refusalOfTask(null, 'operate', charge)).not.toBeNull()
    expect(refusalOfTasks(null, 'operate', [charge]).why).not.toBeNull()
  })
})

describe('somebody who may act on some tasks', () => {
  it('acts on those, and is told which they are beside another', () => {
    expect(refusalOfTask(bill, 'operate', charge)).toBeNull()
    expect(refusalOfTask(bill, 'operate', mail)).toBe('You are operator of tasks billing.* alone; this is mail.send.')
    expect(refusalOfTask(bill, 'operate', { name: null, queue: null })).toContain('a task whose name is not known')
    expect(refusalOfTask(bill, 'administer', charge)).toBe('This needs the role admin; bill is viewer.')
  })

  it('does not act on workers', () => {
    expect(refusal(bill, 'operate')).toBe('This needs the role operator for everything; you are operator of tasks billing.* alone.')
  })

  it('is told of queues where these are what counts', () => {
    const grants = [
      { role: 'operator', name: null, queue: 'slow', because: '' },
      { role: 'admin', name: 'a.*', queue: 'fast', because: '' },
    ] as const
    const both = { ...bill, grants: [...grants] }
    const slow = { ...bill, grants: [grants[0]] }

    expect(refusalOfTask(both, 'operate', charge)).toBeNull()
    expect(refusalOfTask(both, 'operate', mail)).toBe(
      'You are operator of tasks in the queue slow and admin of tasks a.* in the queue fast alone; this is mail.send in the queue mail.',
    )
    expect(refusalOfTask(slow, 'operate', { name: 'a', queue: null })).toBe(
      'You are operator of tasks in the queue slow alone; this is in a queue that is not known.',
    )
  })

  it('tries what may be in their queue where the queue is not known here', () => {
    const slow = { ...bill, grants: [{ role: 'operator' as const, name: 'a.*', queue: 'slow', because: '' }] }

    expect(refusalOfNamed(slow, 'operate', 'a.load')).toBeNull()
    expect(refusalOfNamed(ann, 'operate', 'mail.send')).toBeNull()
    expect(refusalOfNamed(slow, 'operate', 'mail.send')).toContain('this is mail.send')
    expect(refusalOfNamed(slow, 'administer', 'a.load')).toContain('This needs the role admin')
  })

  it('is told a few of many places', () => {
    const grants = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ role: 'operator' as const, name, queue: null, because: '' }))

    expect(refusalOfTask({ ...bill, grants }, 'operate', mail)).toContain('operator of tasks a, of tasks b, of tasks c, of tasks d and of 2 more alone')
  })
})

describe('all tasks of a name or a queue', () => {
  const slow = { ...bill, grants: [{ role: 'admin' as const, name: null, queue: 'slow*', because: '' }] }

  it('are for whom nothing else bounds', () => {
    expect(refusalOfAll(bill, 'operate', { name: 'billing.charge', queue: null })).toBeNull()
    expect(refusalOfAll(slow, 'administer', { name: null, queue: 'slow-1' })).toBeNull()
    expect(refusalOfAll(ann, 'operate', { name: 'mail.send', queue: null })).toBeNull()
    expect(refusalOfAll(slow, 'operate', { name: 'billing.charge', queue: null })).toBe(
      'You are admin of tasks in the queue slow* alone; this is for all tasks billing.charge, in every queue.',
    )
    expect(refusalOfAll(slow, 'administer', { name: null, queue: 'mail' })).toContain('this is for all tasks in the queue mail.')
  })
})

describe('a task that is sent', () => {
  const both = { ...bill, grants: [{ role: 'operator' as const, name: 'billing.*', queue: 'slow', because: '' }] }

  it('is of a name and to a queue of their own', () => {
    expect(refusalToSend(bill, { name: 'billing.charge', queue: null })).toBeNull()
    expect(refusalToSend(bill, { name: 'mail.send', queue: null })).toContain('this is mail.send')
    expect(refusalToSend(both, { name: 'billing.charge', queue: 'slow' })).toBeNull()
    expect(refusalToSend(both, { name: 'billing.charge', queue: 'fast' })).toContain('in the queue fast')
  })

  it('may go where it is routed, which the server knows', () => {
    expect(refusalToSend(both, { name: 'billing.charge', queue: null })).toBeNull()
  })

  it('is none of Celery’s own', () => {
    const all = { ...bill, grants: [{ role: 'operator' as const, name: '*', queue: null, because: '' }] }

    expect(refusalToSend(all, { name: 'celery.map', queue: null })).toContain('Celery’s own')
    expect(refusalToSend(ann, { name: 'celery.map', queue: null })).toBeNull()
  })
})

describe('of several tasks', () => {
  it('those that are not their own are left out', () => {
    expect(refusalOfTasks(ann, 'operate', [charge, mail])).toEqual({ why: null, note: null })
    expect(refusalOfTasks(bill, 'operate', [charge, charge])).toEqual({ why: null, note: null })
    expect(refusalOfTasks(bill, 'operate', [charge, mail])).toEqual({
      why: null,
      note: 'You are operator of tasks billing.* alone: 1 of these 2 will be left out.',
    })
  })

  it('nothing is done where none is their own', () => {
    expect(refusalOfTasks(bill, 'operate', [mail, mail]).why).toBe('You are operator of tasks billing.* alone; none of these 2 is one.')
    expect(refusalOfTasks(bill, 'operate', [mail]).why).toContain('this is mail.send')
  })

  it('which nobody has listed, it is tried', () => {
    expect(refusalOfTasks(bill, 'operate', [])).toEqual({ why: null, note: 'You are operator of tasks billing.* alone: other tasks are left out.' })
  })
})
