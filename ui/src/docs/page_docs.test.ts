import { describe, expect, it } from 'vitest'
import { pageAt } from '../frame/address'
import { docsPath } from './page_docs'

const PAGES = ['', 'errors', 'names', 'workers', 'workers/w1@h', 'queues', 'queues/mail', 'run', 'audit', 'access', 'sessions', 'tokens', 'clusters', 'tasks']

describe('the documentation of a page', () => {
  it.each(PAGES)('is there: %s', (path) => {
    expect(docsPath(pageAt(path, '/').kind)).toMatch(/^docs\/./)
  })

  it('is not named where there is none', () => {
    expect(docsPath('unknown')).toBeNull()
  })

  it('is about the page', () => {
    expect(docsPath('worker')).toBe('docs/workers')
  })
})
