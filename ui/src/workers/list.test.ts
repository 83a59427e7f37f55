import { describe, expect, it } from 'vitest'
import type { Worker } from '../api/types'
import { byStatus, GONE_SHOWN, listed, oddities, readSearch, writeSearch } from './list'

const worker = (hostname: string, more: Partial<Worker> = {}): Worker => ({
  hostname,
  status: 'online',
  unknown_since: null,
  heard: 100,
  skew_s: 0.1,
  events_off_since: null,
  shared_name: false,
  heartbeat: 100,
  freq: 2,
  online: null,
  offline: null,
  pid: null,
  active: null,
  processed: null,
  loadavg: null,
  sw_ident: null,
  sw_ver: null,
  sw_sys: null,
  ...more,
})
const ALL = { name: '', status: null }

describe('the list of workers', () => {
  it('has the living first, then those that were heard last', () => {
    const workers = [
      worker('a', { status: 'silent', heard: 1 }),
      worker('b', { status: 'offline', heard: 2 }),
      worker('c'),
      worker('d', { status: 'unknown' }),
    ]

    expect(listed(workers, ALL, false).rows.map((one) => one.hostname)).toEqual(['c', 'd', 'b', 'a'])
  })

  it('folds away many that are gone, until they are asked for', () => {
    const dead = Array.from({ length: GONE_SHOWN + 1 }, (_, index) => worker(`pod-${index}`, { status: 'silent' }))
    const workers = [...dead, worker('w1')]

    expect(listed(workers, ALL, false)).toMatchObject({ rows: [worker('w1')], folded: GONE_SHOWN + 1 })
    expect(listed(workers, ALL, true).rows).toHaveLength(GONE_SHOWN + 2)
    expect(listed(workers, { name: '', status: 'silent' }, false).rows).toHaveLength(GONE_SHOWN + 1)
    expect(listed(workers, { name: 'POD-2', status: null }, false).rows).toHaveLength(2)
    expect(byStatus(workers)).toEqual({ online: 1, unknown: 0, silent: GONE_SHOWN + 1, offline: 0 })
  })

  it('has all of them, however many there are', () => {
    const many = Array.from({ length: 3_000 }, (_, index) => worker(`w${index}`))

    expect(listed(many, ALL, false)).toMatchObject({ folded: 0, rows: many })
  })

  it('keeps what is wanted in the address', () => {
    expect(writeSearch(ALL)).toBe('')
    expect(readSearch(writeSearch({ name: 'a/b ü', status: 'silent' }))).toEqual({ name: 'a/b ü', status: 'silent' })
    expect(readSearch('?status=nonsense')).toEqual(ALL)
  })
})

it('what is odd about a worker is told in sentences', () => {
  expect(oddities(worker('w', { skew_s: 2.9 }))).toEqual([])
  expect(oddities(worker('w', { skew_s: 3600.2 }))).toEqual(['Its clock is 1 h ahead.'])
  expect(oddities(worker('w', { skew_s: -5 }))).toEqual(['Its clock is 5.0 s behind.'])
  expect(oddities(worker('w', { shared_name: true }))[0]).toContain('More than one worker')
  expect(oddities(worker('w', { heartbeat: null }))).toEqual(['It sends no heartbeats.'])
})
