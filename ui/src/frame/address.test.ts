import { describe, expect, it } from 'vitest'
import { pageAt, taskPath } from './address'

describe('an address', () => {
  it.each([
    ['/', '/', { kind: 'tasks' }],
    ['/tasks', '/', { kind: 'tasks' }],
    ['/ops/umbel/tasks/', '/ops/umbel/', { kind: 'tasks' }],
    ['/ops/umbel/workers', '/ops/umbel/', { kind: 'workers' }],
    ['/tasks/a-b', '/', { kind: 'task', id: 'a-b' }],
    ['/queues', '/', { kind: 'unknown', path: 'queues' }],
    ['/tasks/%zz', '/', { kind: 'task', id: '%zz' }],
  ])('%s below %s is a page', (path, base, page) => {
    expect(pageAt(path, base)).toEqual(page)
  })

  it('carries any id there and back', () => {
    const id = 'nightly/2026 100% “ö”'

    expect(pageAt(`/${taskPath(id)}`, '/')).toEqual({ kind: 'task', id })
  })
})
