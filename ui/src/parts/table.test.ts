import { describe, expect, it } from 'vitest'
import { filtered, inSight, moved, oneOf, sorted, turned, wideKeys, WHOLE, type Column } from './table'

interface Queue {
  name: string
  ready: number | null
}
const QUEUES: Queue[] = [
  { name: 'mail-10', ready: 3 },
  { name: 'mail-2', ready: null },
  { name: 'Orders', ready: 40 },
]
const NAME: Column<Queue> = { key: 'name', title: 'Queue', sort: ({ name }) => name }
const READY: Column<Queue> = { key: 'ready', title: 'Waiting', number: true, sort: ({ ready }) => ready }
const names = (rows: readonly Queue[]): string[] => rows.map(({ name }) => name)

describe('rows of a table', () => {
  it('are found by all words that are typed, in any case', () => {
    const text = ({ name, ready }: Queue): string => `${name} ${ready}`

    expect(names(filtered(QUEUES, text, 'MAIL'))).toEqual(['mail-10', 'mail-2'])
    expect(names(filtered(QUEUES, text, ' mail  3 '))).toEqual(['mail-10'])
    expect(filtered(QUEUES, text, ' ')).toBe(QUEUES)
    expect(filtered(QUEUES, undefined, 'x')).toBe(QUEUES)
  })

  it('are sorted with numbers in names as numbers, and the unknown last either way', () => {
    const order = (key: string, descending: boolean): string[] => names(sorted(QUEUES, [NAME, READY], { key, descending }))

    expect(order('name', false)).toEqual(['mail-2', 'mail-10', 'Orders'])
    expect(order('ready', false)).toEqual(['mail-10', 'Orders', 'mail-2'])
    expect(order('ready', true)).toEqual(['Orders', 'mail-10', 'mail-2'])
    expect(sorted(QUEUES, [NAME], { key: 'gone', descending: true })).toBe(QUEUES)
    expect(sorted(QUEUES, [NAME], null)).toBe(QUEUES)
  })

  it('are sorted by clicks: names upwards first, numbers downwards, and then as they came', () => {
    const first = turned(null, READY)
    const second = turned(first, READY)

    expect([first, second, turned(second, READY)]).toEqual([
      { key: 'ready', descending: true },
      { key: 'ready', descending: false },
      null,
    ])
    expect(turned(first, NAME)).toEqual({ key: 'name', descending: false })
  })
})

describe('what is rendered of a long table', () => {
  it('is all of it while it is short, and its first rows until they were measured', () => {
    expect(inSight(WHOLE, 32, -5000, 800)).toMatchObject({ first: 0, end: WHOLE })
    expect(inSight(5000, 0, 0, 800)).toMatchObject({ first: 0, end: WHOLE })
  })

  it.each([200, 0, -32 * 2000, -32 * 9000, 20_000])('is what is in sight, with room for the rest: top %d', (top) => {
    const slice = inSight(5000, 32, top, 800)

    expect(slice.end - slice.first).toBeLessThan(100)
    expect(slice.end).toBeGreaterThan(slice.first)
    expect(slice.above + (slice.end - slice.first) * 32 + slice.below).toBe(5000 * 32)
    if (top <= 0 && -top < 5000 * 32) {
      expect(slice.above).toBeLessThanOrEqual(-top)
      expect(slice.end * 32).toBeGreaterThanOrEqual(Math.min(5000 * 32, 800 - top))
    }
  })
})

it('keys move the focus from row to row, and not over the ends', () => {
  expect(moved('ArrowDown', 4, 10, 20)).toBe(5)
  expect(moved('ArrowUp', 0, 10, 20)).toBe(0)
  expect(moved('PageDown', 4, 10, 20)).toBe(9)
  expect(moved('Home', 4, 10, 20)).toBe(0)
  expect(moved('End', 4, 10, 20)).toBe(9)
  expect(moved('a', 4, 10, 20)).toBeNull()
  expect(moved('End', 0, 0, 20)).toBeNull()
})

it('one of the rows has its article', () => {
  expect(['queue', 'error', 'worker', 'name'].map(oneOf)).toEqual(['a queue', 'an error', 'a worker', 'a name'])
})

describe('columns of a table', () => {
  it('that are wide share the room that is left; without one the last that has words takes it', () => {
    const controls: Column<Queue> = { key: 'actions', title: 'Actions', controls: true }

    expect(wideKeys([{ ...NAME, wide: true }, READY, { key: 'workers', title: 'Workers' }])).toEqual(['name'])
    expect(wideKeys([NAME, { key: 'workers', title: 'Workers' }, READY, controls])).toEqual(['workers'])
    expect(wideKeys([READY])).toEqual([])
  })
})
