import { describe, expect, it } from 'vitest'
import type { Changes, TaskRow } from '../api/types'
import { exampleTask } from '../api/examples'
import { between, changed, extended, goneLabel, loaded, refreshed, stale, thawed, WAITING_MAX, waitingLabel } from './rows'

const row = (uuid: string, more: Partial<TaskRow> = {}): TaskRow => exampleTask({ uuid, ...more })
const changes = (more: Partial<Changes> = {}): Changes => ({
  seq: 1,
  items: [],
  new: [],
  left: [],
  skipped: 0,
  ...more,
})
const page = loaded([row('c', { seen: 30 }), row('b', { seen: 20 }), row('a', { seen: 10 })])
const ids = (rows: { items: readonly TaskRow[] }): string[] => rows.items.map((one) => one.uuid)

describe('live rows', () => {
  it('are updated where they stand', () => {
    const after = changed(page, changes({ items: [row('b', { state: 'SUCCESS', seen: 20 })] }), false)

    expect(ids(after)).toEqual(['c', 'b', 'a'])
    expect(after.items[1]?.state).toBe('SUCCESS')
    expect(after.waiting.size).toBe(0)
  })

  it('never jump: what is new waits', () => {
    const after = changed(page, changes({ items: [row('d')], new: ['d'] }), false)

    expect(ids(after)).toEqual(['c', 'b', 'a'])
    expect(waitingLabel(after)).toBe('1 new task')
  })

  it('count a new task once, however often it changes', () => {
    const once = changed(page, changes({ items: [row('d')], new: ['d'] }), false)
    const twice = changed(once, changes({ items: [row('d'), row('e')], new: ['e'] }), false)

    expect(waitingLabel(twice)).toBe('2 new tasks')
  })

  it('count a task that newly matches however long ago it began, and none that matched before', () => {
    const slow = changed(page, changes({ items: [row('old', { seen: 5 })], new: ['old'] }), false)
    const same = changed(page, changes({ items: [row('old', { seen: 5 })] }), false)

    expect(waitingLabel(slow)).toBe('1 new task')
    expect(waitingLabel(same)).toBeNull()
  })

  it('that no longer match stay, marked, until they match again', () => {
    const after = changed(page, changes({ left: ['b', 'elsewhere'] }), false)
    const back = changed(after, changes({ items: [row('b', { seen: 20 })] }), false)

    expect([...after.gone]).toEqual(['b'])
    expect(ids(after)).toEqual(['c', 'b', 'a'])
    expect(back.gone.size).toBe(0)
  })

  it('forget a waiting task that stopped matching', () => {
    const waiting = changed(page, changes({ items: [row('d')], new: ['d'] }), false)

    expect(waitingLabel(changed(waiting, changes({ left: ['d'] }), false))).toBeNull()
    expect(goneLabel(waiting)).toBeNull()
    expect(goneLabel(changed(page, changes({ left: ['a'] }), false))).toBe('1 no longer matches')
    expect(goneLabel(changed(page, changes({ left: ['a', 'b', 'z'] }), false))).toBe('2 no longer match')
  })

  it('stand still while frozen, and catch up after', () => {
    const frozen = changed(page, changes({ items: [row('b', { state: 'SUCCESS', seen: 20 })] }), true)

    expect(frozen.items[1]?.state).toBe('PENDING')
    expect(thawed(frozen).items[1]?.state).toBe('SUCCESS')
    expect(thawed(frozen).held.size).toBe(0)
  })

  it('that stop matching while frozen are marked after', () => {
    const frozen = changed(page, changes({ left: ['b'] }), true)
    const back = changed(frozen, changes({ items: [row('b', { seen: 20 })] }), true)

    expect(frozen.gone.size).toBe(0)
    expect([...thawed(frozen).gone]).toEqual(['b'])
    expect(thawed(back).gone.size).toBe(0)
  })

  it('say that more wait than were told', () => {
    const skipped = changed(page, changes({ items: [row('d')], new: ['d'], skipped: 7 }), false)

    expect(waitingLabel(skipped)).toBe('over 1 new tasks')
    expect(waitingLabel(changed(page, changes({ skipped: null }), false))).toBe('New tasks')
  })

  it('tell ten thousand waiting tasks apart and no more, however long the page is left open', () => {
    const many = (from: number, count: number) => Array.from({ length: count }, (_, index) => `task-${from + index}`)
    const full = changed(page, changes({ new: many(0, WAITING_MAX) }), false)
    const over = changed(full, changes({ new: many(WAITING_MAX - 1, 5) }), false)

    expect(waitingLabel(full)).toBe('10,000 new tasks')
    expect(waitingLabel(over)).toBe('over 10,000 new tasks')
    expect(over.waiting.size).toBe(WAITING_MAX)
  })

  it('are asked for again when their change was not told', () => {
    expect(stale(page, changes({ left: ['b', 'x'] }))).toEqual(['b'])
    expect(stale(page, changes({ skipped: 3 }))).toEqual(['c', 'b', 'a'])
    expect(stale(page, changes())).toEqual([])
  })

  it('take another page behind them without doubling a task', () => {
    const after = extended(page, [row('a', { seen: 10 }), row('z', { seen: 1 })])

    expect(ids(after)).toEqual(['c', 'b', 'a', 'z'])
  })

  it('are the same value when nothing came', () => {
    expect(refreshed(page, [], false)).toBe(page)
    expect(thawed(page)).toBe(page)
  })
})

describe('a range of rows', () => {
  it('goes from the row that was selected last to this one, whichever is first', () => {
    expect(between(page, 'c', 'b')).toEqual(['c', 'b'])
    expect(between(page, 'a', 'c')).toEqual(['c', 'b', 'a'])
    expect(between(page, null, 'b')).toEqual(['b'])
    expect(between(page, 'gone', 'b')).toEqual(['b'])
    expect(between(page, 'c', 'gone')).toEqual([])
  })
})
