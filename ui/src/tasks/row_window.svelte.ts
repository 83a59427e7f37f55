/**
 * Which rows of a long list are drawn: those near what is seen.
 *
 * Rows stand in blocks of `BLOCK_ROWS`. A block that is far away is drawn as an empty space of the
 * height that it had, or would have, so that nothing moves and the scrollbar tells the truth.
 * Rows may be of any height. Who scrolls by program calls `update`, and waits for the next tick,
 * before it looks for a row.
 */

import { tick } from 'svelte'

export const BLOCK_ROWS = 40
/** Drawn before and behind the block in the middle: with it some 200 rows. */
const AROUND = 2
const GUESSED_ROW_PX = 33

export interface Block<Row> {
  index: number
  /** Of its first row in the whole list. */
  first: number
  rows: readonly Row[]
}

export function blocksOf<Row>(rows: readonly Row[]): Block<Row>[] {
  const blocks: Block<Row>[] = []
  for (let first = 0; first < rows.length; first += BLOCK_ROWS) {
    blocks.push({ index: first / BLOCK_ROWS, first, rows: rows.slice(first, first + BLOCK_ROWS) })
  }
  return blocks
}

/** The block at a height: the last that begins above it. `tops` ascend. */
export function blockAt(tops: readonly number[], height: number): number {
  const behind = tops.findIndex((top) => top > height)
  return Math.max(0, (behind < 0 ? tops.length : behind) - 1)
}

export class RowWindow {
  /** The block in the middle of what is seen. */
  private at = $state(0)
  private readonly nodes = new Map<number, HTMLElement>()
  private readonly heights = new Map<number, number>()

  isDrawn({ index }: Block<unknown>): boolean {
    return Math.abs(index - this.at) <= AROUND
  }

  /** How high a block is that is not drawn, in pixels. */
  height({ index, rows }: Block<unknown>): number {
    const [drawn] = this.heights.values()
    return this.heights.get(index) ?? (drawn === undefined ? GUESSED_ROW_PX : drawn / BLOCK_ROWS) * rows.length
  }

  /** The element of a block, drawn or not. */
  readonly block = (block: Block<unknown>): ((node: HTMLElement) => () => void) => {
    const { index } = block
    return (node) => {
      this.nodes.set(index, node)
      const sized = new ResizeObserver(() => {
        if (this.isDrawn(block) && node.offsetHeight > 0) this.heights.set(index, node.offsetHeight)
      })
      sized.observe(node)
      return () => {
        sized.disconnect()
        if (this.nodes.get(index) === node) this.nodes.delete(index)
      }
    }
  }

  /** Look again when there are more or fewer rows than before; what only changes in them is no
   * reason to measure. Call it where effects may be made. */
  follow(count: () => number): void {
    const rows = $derived(count())
    $effect(() => {
      if (rows > 0) void tick().then(() => this.update())
    })
  }

  /** It was scrolled, or there are other rows. */
  update(): void {
    const nodes = [...this.nodes].sort(([one], [other]) => one - other)
    const tops = nodes.map(([, node]) => node.getBoundingClientRect().top)
    this.at = nodes[blockAt(tops, innerHeight / 2)]?.[0] ?? 0
  }

  /** Draw the row at an index of the list; after the next tick it is there. */
  draw(index: number): void {
    const block = Math.floor(index / BLOCK_ROWS)
    if (Math.abs(block - this.at) > AROUND) this.at = block
  }
}
