import { describe, expect, it } from 'vitest'
import { actionPath, pageAt, queuePath, searchedPage, taskPath, workerPath } from './address'

describe('an address', () => {
  it.each([
    ['/', '/', { kind: 'overview' }],
    ['/names', '/', { kind: 'names' }],
    ['/c/shop/names/shop.pay', '/c/shop/', { kind: 'name', id: 'shop.pay' }],
    ['/tasks', '/', { kind: 'tasks' }],
    ['/alerts', '/', { kind: 'alerts' }],
    ['/c/shop/alerts/5b1f', '/c/shop/', { kind: 'alert', id: '5b1f' }],
    ['/ops/umbel/tasks/', '/ops/umbel/', { kind: 'tasks' }],
    ['/ops/umbel/workers', '/ops/umbel/', { kind: 'workers' }],
    ['/tasks/a-b', '/', { kind: 'task', id: 'a-b' }],
    ['/queues', '/', { kind: 'queues' }],
    ['/run', '/', { kind: 'run' }],
    ['/doctor', '/', { kind: 'doctor' }],
    ['/docs', '/', { kind: 'docs' }],
    ['/docs/query-language', '/', { kind: 'doc', id: 'query-language' }],
    ['/audit/', '/', { kind: 'audit' }],
    ['/c/shop/access', '/c/shop/', { kind: 'access' }],
    ['/sessions', '/', { kind: 'sessions' }],
    ['/tokens', '/', { kind: 'tokens' }],
    ['/workers/celery%40host.example', '/', { kind: 'worker', id: 'celery@host.example' }],
    ['/workers/', '/', { kind: 'workers' }],
    ['/workers/diff', '/', { kind: 'diff' }],
    ['/actions', '/', { kind: 'unknown', path: 'actions' }],
    ['/audit/x', '/', { kind: 'unknown', path: 'audit/x' }],
    ['/constructor/x', '/', { kind: 'unknown', path: 'constructor/x' }],
    ['/tasks/%zz', '/', { kind: 'task', id: '%zz' }],
  ])('%s below %s is a page', (path, base, page) => {
    expect(pageAt(path, base)).toEqual(page)
  })

  it.each(['nightly/2026 100% “ö”', '.', '..', 'count', 'export', 'diff', '=', '=x', '%2e'])('carries %s there and back as a browser reads it', (id) => {
    const read = (path: string): string => new URL(path, 'http://umbel/').pathname

    expect(pageAt(read(taskPath(id)), '/')).toEqual({ kind: 'task', id })
    expect(pageAt(read(workerPath(id)), '/')).toEqual({ kind: 'worker', id })
    expect(pageAt(read(queuePath(id)), '/')).toEqual({ kind: 'queue', id })
    expect(pageAt(read(actionPath(id)), '/')).toEqual({ kind: 'action', id })
  })
})

it('a link with a search to the first page leads to the tasks', () => {
  expect(searchedPage({ kind: 'overview' }, '?q=state:FAILURE')).toEqual({ kind: 'tasks' })
  expect(searchedPage({ kind: 'overview' }, '?range=1h')).toEqual({ kind: 'overview' })
  expect(searchedPage({ kind: 'workers' }, '?q=a')).toEqual({ kind: 'workers' })
})
