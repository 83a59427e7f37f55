import { describe, expect, it } from 'vitest'
import { BLOCK_ROWS, blockAt, blocksOf, RowWindow } from './row_window.svelte'

describe('a long list', () => {
  const rows = Array.from({ length: 1_000 }, (_, at) => at)

  it('is drawn in blocks, of which each knows where it stands', () => {
    const blocks = blocksOf(rows)

    expect(blocks.flatMap((block) => block.rows)).toEqual(rows)
    expect(blocks.map(({ first, rows: [row] }) => first === row).every(Boolean)).toBe(true)
    expect(blocksOf([])).toEqual([])
  })

  it('draws some 200 rows near the row that is asked for', () => {
    const window = new RowWindow()
    const drawn = (): number[] => blocksOf(rows).filter((block) => window.isDrawn(block)).flatMap((block) => [...block.rows])

    expect(drawn()[0]).toBe(0)
    window.draw(730)
    expect(drawn()).toContain(730)
    expect(drawn().length).toBe(5 * BLOCK_ROWS)
  })

  it('knows what is seen by where blocks begin', () => {
    expect([-50, 0, 99, 100, 5_000].map((height) => blockAt([0, 100, 200], height))).toEqual([0, 0, 0, 1, 2])
    expect(blockAt([], 10)).toBe(0)
  })
})
