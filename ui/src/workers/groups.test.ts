import { describe, expect, it } from 'vitest'
import type { Worker } from '../api/types'
import { COLUMNS, eventsOf } from './columns'
import { worker } from './example'
import { arranged, comparePath, idOf, sumsOf, type Item } from './groups'
import { readSearch } from './list'
import { formatMemory } from './memory'

const pod = (name: string, failed: number, more: Partial<Worker> = {}): Worker =>
  worker(`celery@web-${name}`, { deployment: 'celery@web-*', succeeded: 10, failed, trend: [failed, 10], pool: 4, active: 1, ...more })
const PODS = [pod('a', 1), pod('b', 5), pod('c', 0, { status: 'offline', active: 3 }), worker('beat@vm', { sw_ident: 'py-celery', sw_ver: '5.7.0' })]
const titles = (items: readonly Item[]): string[] => items.map((item) => (item.kind === 'worker' ? item.worker.hostname : `${item.title} ${item.workers.length}`))
const shown = (search: string): string[] => titles(arranged(PODS, readSearch(search), COLUMNS))

describe('the rows of the list', () => {
  it('are the sum of all and each of them, in the order of the address', () => {
    expect(shown('')).toEqual([' 4', ...PODS.map(({ hostname }) => hostname)])
    expect(shown('?sort=-failed')).toEqual([' 4', 'celery@web-b', 'celery@web-a', 'celery@web-c', 'beat@vm'])
    expect(titles(arranged(PODS.slice(0, 1), readSearch(''), COLUMNS))).toEqual(['celery@web-a'])
  })

  it('fold by deployment until a group is opened', () => {
    expect(shown('?by=deployment')).toEqual([' 4', 'beat@vm 1', 'celery@web-* 3'])
    expect(shown('?by=deployment&open=celery%40web-*&sort=-failed')).toEqual([' 4', 'celery@web-* 3', 'celery@web-b', 'celery@web-a', 'celery@web-c', 'beat@vm 1'])
    expect(shown('?by=version')).toEqual([' 4', 'Celery 5.7.0 1', 'version not known 3'])
  })

  it('are told apart, also a group from a worker of its name', () => {
    const items = arranged(PODS, readSearch('?by=deployment&open=beat%40vm'), COLUMNS)

    expect(new Set(items.map(idOf)).size).toBe(items.length)
  })

  it('lead to the differences within a deployment, where two can be asked', () => {
    const paths = (search: string): (string | null)[] => arranged(PODS, readSearch(search), COLUMNS).flatMap((item) => (item.kind === 'worker' ? [] : [comparePath(item)]))

    expect(paths('?by=deployment')).toEqual([null, null, 'workers/diff?deployment=celery%40web-*'])
    expect(paths('?by=version')).toEqual([null, null, null])
  })

  it('are there at once for five thousand workers', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => pod(`${index}`, index % 7, { deployment: `celery@web${index % 40}-*` }))

    expect(arranged(many, readSearch('?by=deployment'), COLUMNS)).toHaveLength(41)
    expect(arranged(many, readSearch('?sort=-failed'), COLUMNS)).toHaveLength(5_001)
  })

  it.each(COLUMNS.flatMap(({ key, sort }) => (sort ? [key] : [])))('can be sorted by %s', (key) => {
    expect(shown(`?by=deployment&sort=${key}`)).toHaveLength(3)
    expect(shown(`?sort=-${key}`)).toHaveLength(5)
  })
})

describe('a sum', () => {
  it('has what is known, and of how many nothing is', () => {
    const sums = sumsOf(PODS)

    expect(sums.failed).toEqual({ value: 6, unknown: 1 })
    expect(sums.trend).toEqual([6, 30])
  })

  it('counts what runs of those that live', () => {
    expect(sumsOf(PODS).running).toEqual({ value: 2, unknown: 1 })
    expect(sumsOf(PODS).pool).toEqual({ value: 8, unknown: 1 })
  })
})

it('events are on where some came, off where that is known, and else not known', () => {
  expect([pod('a', 0), worker('w', { events_off_since: 5 }), worker('w', { succeeded: 0, failed: 0, trend: [0] })].map(eventsOf)).toEqual(['on', 'off', 'unknown'])
})

it('memory has two digits that matter', () => {
  expect([0, 512 * 1024, 58_000_000, 3_200_000_000, 5_000_000_000_000].map(formatMemory)).toEqual(['0 kB', '512 kB', '55 MB', '3.0 GB', '4,657 GB'])
})
