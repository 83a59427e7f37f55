import { describe, expect, it } from 'vitest'
import { COLUMNS, DEFAULT_LAYOUT, moveColumn, readLayout, shownColumns, toggleColumn } from './columns'

describe('columns', () => {
  it('start with what tells most', () => {
    expect(shownColumns(DEFAULT_LAYOUT).map((one) => one.id)).toContain('state')
    expect(DEFAULT_LAYOUT).toHaveLength(COLUMNS.length)
  })

  it('are shown or hidden, but for the name', () => {
    const without = toggleColumn(DEFAULT_LAYOUT, 'args')

    expect(shownColumns(without).map((one) => one.id)).not.toContain('args')
    expect(toggleColumn(without, 'args')).toEqual(DEFAULT_LAYOUT)
    expect(toggleColumn(DEFAULT_LAYOUT, 'name')).toBe(DEFAULT_LAYOUT)
  })

  it('move by one place, and no further than the edge', () => {
    const moved = moveColumn(DEFAULT_LAYOUT, 'name', -1)

    expect(moved[0]?.id).toBe('name')
    expect(moveColumn(moved, 'name', -1)).toBe(moved)
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

  it('that came after the layout was kept stand at its end', () => {
    const old = [{ id: 'runtime', shown: true }]

    expect(readLayout(old)[0]).toEqual({ id: 'runtime', shown: true })
    expect(readLayout(old)).toHaveLength(COLUMNS.length)
  })
})
