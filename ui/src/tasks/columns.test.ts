import { describe, expect, it } from 'vitest'
import type { Chip } from '../api/types'
import { columnWidths, COLUMNS, type ColumnId, DEFAULT_LAYOUT, layoutOf, leastWidth, moveColumn, openingColumn, readLayout, repeatedFields, shownColumns, toggleColumn, withoutRepeated, fieldsOf } from './columns'

describe('columns', () => {
  it('start with what tells most', () => {
    expect(shownColumns(DEFAULT_LAYOUT).map((one) => one.id)).toContain('state')
    expect(DEFAULT_LAYOUT).toHaveLength(COLUMNS.length)
  })

  it('are shown or hidden, but for the name', () => {
    const without = toggleColumn(DEFAULT_LAYOUT, 'call')

    expect(shownColumns(without).map((one) => one.id)).not.toContain('call')
    expect(toggleColumn(without, 'call')).toEqual(DEFAULT_LAYOUT)
    expect(toggleColumn(DEFAULT_LAYOUT, 'name')).toBe(DEFAULT_LAYOUT)
  })

  it('move by one place, and no further than the edge', () => {
    const moved = moveColumn(DEFAULT_LAYOUT, 'name', -1)

    expect(moved[0]?.id).toBe('name')
    expect(moveColumn(moved, 'name', -1)).toBe(moved)
  })

  it('move past those that are hidden, which nobody sees', () => {
    const moved = moveColumn(DEFAULT_LAYOUT, 'call', -1)

    expect(shownColumns(moved).map((one) => one.id).slice(0, 3)).toEqual(['state', 'call', 'name'])
    expect(shownColumns(moveColumn(moved, 'call', 1)).map((one) => one.id)).toEqual(
      shownColumns(DEFAULT_LAYOUT).map((one) => one.id),
    )
  })

  it('survive being kept', () => {
    const layout = moveColumn(toggleColumn(DEFAULT_LAYOUT, 'uuid'), 'queue', -1)

    expect(readLayout(JSON.parse(JSON.stringify(layout)))).toEqual(layout)
  })

  it.each([[null], [42], [['state', null, { id: 'nonsense', shown: true }]]])(
    'are the usual ones when what was kept is %j',
    (kept) => {
      expect(readLayout(kept)).toEqual(DEFAULT_LAYOUT)
    },
  )

  it.each([
    ['', shownColumns(DEFAULT_LAYOUT).map(({ id }) => id)],
    ['uuid,name,args,kwargs,eta', ['uuid', 'name', 'call', 'eta']],
    ['state,uuid', ['name', 'state', 'uuid']],
    ['uuid,all', ['uuid', ...COLUMNS.map(({ id }) => id).filter((id) => id !== 'uuid')]],
  ])('are for everybody what the settings name: %j', (names, expected) => {
    const layout = layoutOf(names)

    expect(shownColumns(layout).map(({ id }) => id)).toEqual(expected)
    expect(layout).toHaveLength(COLUMNS.length)
    expect(readLayout(null, layout)).toBe(layout)
  })

  it('share what is left over, and get no narrower than their token', () => {
    const columns = COLUMNS.filter(({ id }) => id === 'name' || id === 'result' || id === 'queue')
    const least = 'calc(var(--col-select) + var(--col-name) + var(--col-value) + var(--col-queue))'

    expect(leastWidth(columns)).toBe(least)
    expect(columnWidths(columns)).toEqual([
      `calc(var(--col-name) + max(0px, 100cqw - ${least}) * 2 / 10)`,
      `calc(var(--col-value) + max(0px, 100cqw - ${least}) * 8 / 10)`,
      'var(--col-queue)',
    ])
  })

  it('of positional and of keyword arguments became one, where the first of them stood', () => {
    const old = [{ id: 'kwargs', shown: true }, { id: 'name', shown: true }, { id: 'args', shown: false }]

    expect(readLayout(old).slice(0, 2)).toEqual([
      { id: 'call', shown: true },
      { id: 'name', shown: true },
    ])
    expect(readLayout(old)).toHaveLength(COLUMNS.length)
  })

  it('that came after the layout was kept stand at its end', () => {
    const old = [{ id: 'runtime', shown: true }]

    expect(readLayout(old)[0]).toEqual({ id: 'runtime', shown: true })
    expect(readLayout(old)).toHaveLength(COLUMNS.length)
  })
})

describe('what every row has alike', () => {
  const chip = (field: string, negated = false): Chip => ({ text: '', start: 0, end: 0, field, negated })
  const row = (name: string | null, queue: string | null): { name: string | null; queue: string | null } => ({ name, queue })
  const fields = (chips: Chip[], ...rows: ReturnType<typeof row>[]): string[] => [...repeatedFields(chips, rows)]

  it('repeats what the search asks for', () => {
    const rows = [row('shop.send', 'mail'), row('shop.send', 'mail')]

    expect(fields([chip('name'), chip('queue')], ...rows)).toEqual(['name', 'queue'])
    expect(fields([chip('name')], ...rows)).toEqual(['name'])
    expect(fields([chip('name', true), chip('state')], ...rows)).toEqual([])
  })

  it('repeats nothing where a row differs, or is the only one', () => {
    expect(fields([chip('name')], row('shop.send', null), row('shop.send_all', null))).toEqual([])
    expect(fields([chip('name')], row('shop.send', null))).toEqual([])
    expect(fields([chip('name')])).toEqual([])
  })

  it('has no column: the id takes the place of the name, and opens the task', () => {
    const ids = (repeated: ColumnId[]): ColumnId[] =>
      withoutRepeated(shownColumns(toggleColumn(DEFAULT_LAYOUT, 'uuid')), new Set(repeated)).map(({ id }) => id)

    expect(ids([]).slice(0, 4)).toEqual(['state', 'name', 'uuid', 'call'])
    expect(ids(['name']).slice(0, 3)).toEqual(['state', 'uuid', 'call'])
    expect(ids(['queue'])).not.toContain('queue')
    const shown = shownColumns(DEFAULT_LAYOUT)
    expect([openingColumn(shown), openingColumn(withoutRepeated(shown, new Set(['name'])))]).toEqual(['name', 'uuid'])
  })
})

describe('what is exported', () => {
  it('is what the columns show, each field once, and the id', () => {
    expect(fieldsOf(layoutOf('state,call,result,exception'))).toEqual(['uuid', 'name', 'state', 'args', 'kwargs', 'result', 'exception'])
  })
})
