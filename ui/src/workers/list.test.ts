import { describe, expect, it } from 'vitest'
import { worker } from './example'
import { byStatus, GONE_SHOWN, listed, oddities, queuesOf, readSearch, versionOf, writeSearch } from './list'

const ALL = readSearch('')

describe('the list of workers', () => {
  it('has the living first, then those that were heard last', () => {
    const workers = [
      worker('a', { status: 'silent', heard: 1 }),
      worker('b', { status: 'offline', heard: 2 }),
      worker('c'),
      worker('d', { status: 'unknown' }),
    ]

    expect(listed(workers, ALL).rows.map((one) => one.hostname)).toEqual(['c', 'd', 'b', 'a'])
  })

  it('folds away many that are gone, until they are asked for', () => {
    const dead = Array.from({ length: GONE_SHOWN + 1 }, (_, index) => worker(`pod-${index}`, { status: 'silent' }))
    const workers = [...dead, worker('w1')]

    expect(listed(workers, ALL)).toMatchObject({ rows: [worker('w1')], folded: GONE_SHOWN + 1 })
    expect(listed(workers, { ...ALL, gone: true }).rows).toHaveLength(GONE_SHOWN + 2)
    expect(listed(workers, { ...ALL, status: 'silent' }).rows).toHaveLength(GONE_SHOWN + 1)
    expect(listed(workers, { ...ALL, name: 'POD-2' }).rows).toHaveLength(2)
    expect(byStatus(workers)).toEqual({ online: 1, unknown: 0, silent: GONE_SHOWN + 1, offline: 0 })
  })

  it('has all of them, however many there are', () => {
    const many = Array.from({ length: 3_000 }, (_, index) => worker(`w${index}`))

    expect(listed(many, ALL)).toMatchObject({ folded: 0, rows: many })
  })

  it('tells paused queues first, though the worker told of them before', () => {
    const paused = worker('a', { queues: ['celery', 'mail'], paused_queues: ['mail'] })

    expect(queuesOf(paused)).toEqual([
      { name: 'mail', paused: true },
      { name: 'celery', paused: false },
    ])
    expect(queuesOf(worker('b'))).toBeNull()
    expect(listed([paused, worker('b')], { ...ALL, name: 'paused' }).rows).toEqual([paused])
  })

  it('finds by name, queue and version, every word of it', () => {
    const workers = [worker('a', { queues: ['mail', 'money'] }), worker('b', { sw_ver: '5.7.0', queues: ['mail'] })]

    expect(listed(workers, { ...ALL, name: 'MAIL' }).rows).toHaveLength(2)
    expect(listed(workers, { ...ALL, name: 'mail 5.7' }).rows).toEqual([workers[1]])
  })

  it('keeps what is wanted in the address, beside the rest of it', () => {
    const wanted = { name: 'a/b ü', status: 'silent', by: 'deployment', open: ['celery@web-*', 'b'], order: { key: 'failed', descending: true }, gone: true } as const

    expect(writeSearch('', ALL)).toBe('')
    expect(readSearch(writeSearch('?range=6h', wanted))).toEqual(wanted)
    expect(writeSearch('?range=6h', wanted)).toMatch(/^\?range=6h&/)
    expect(writeSearch(writeSearch('?range=6h', wanted), ALL)).toBe('?range=6h')
    expect(readSearch('?status=nonsense&by=colour&sort=')).toEqual(ALL)
  })
})

it('what is odd about a worker is told in sentences', () => {
  expect(oddities(worker('w', { skew_s: 2.9 }))).toEqual([])
  expect(oddities(worker('w', { skew_s: 3600.2 }))).toEqual(['Its clock is 1 h ahead.'])
  expect(oddities(worker('w', { skew_s: -5 }))).toEqual(['Its clock is 5.0 s behind.'])
  expect(oddities(worker('w', { shared_name: true }))[0]).toContain('More than one worker')
  expect(oddities(worker('w', { heartbeat: null }))).toEqual(['It sends no heartbeats.'])
})

it('a version is that of Celery, or of what else it is', () => {
  expect(versionOf(worker('w', { sw_ident: 'py-celery', sw_ver: '5.7.0' }))).toBe('Celery 5.7.0')
  expect(versionOf(worker('w', { sw_ident: 'node-celery', sw_ver: '1' }))).toBe('node-celery 1')
  expect(versionOf(worker('w'))).toBeNull()
})
