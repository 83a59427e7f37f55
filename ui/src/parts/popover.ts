/** Where a popover stands: below its button, or above it where there is more room. */

export interface Box {
  top: number
  bottom: number
  left: number
  right: number
}

export interface Placement {
  /** Distances in CSS pixels from the edges of the window; null: that edge does not count. */
  top: number | null
  bottom: number | null
  left: number | null
  right: number | null
  /** How high it may be. */
  height: number
}

/** Below it a popover stands as soon as it has this much room, in pixels. */
const ENOUGH = 240

/** The button's box, and the size of the window that it stands in. */
export function placementOf(button: Box, window: { width: number; height: number }): Placement {
  const below = window.height - button.bottom
  const isBelow = below >= ENOUGH || below >= button.top
  const isStart = (button.left + button.right) / 2 < window.width / 2
  return {
    top: isBelow ? Math.max(0, button.bottom) : null,
    bottom: isBelow ? null : Math.max(0, window.height - button.top),
    left: isStart ? Math.max(0, button.left) : null,
    right: isStart ? null : Math.max(0, window.width - button.right),
    height: Math.max(0, isBelow ? below : button.top),
  }
}

/** So far from the edge of the window what was moved ends, in pixels. */
const EDGE = 8

/** The same where an end would be out of sight: moved as far as that needs. */
export function fitted(placement: Placement, panel: Pick<Box, 'left' | 'right'>, width: number): Placement {
  const over = panel.right - width + EDGE
  const under = EDGE - panel.left
  if (placement.right !== null && under > 0) return { ...placement, right: Math.max(0, placement.right - under) }
  if (placement.left !== null && over > 0) return { ...placement, left: Math.max(0, placement.left - over) }
  return placement
}

/** The size of what a window shows, in CSS pixels. */
export function viewport(): { width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = document.documentElement
  return { width, height }
}

/** A length as CSS has it. */
export function px(length: number | null | undefined): string {
  return length === null || length === undefined ? 'auto' : `${length}px`
}
