/** Stripes over what nobody saw, on the canvas of a chart. */

import type uPlot from 'uplot'
import { holeWithin, type Buckets, type Hole } from './chart'

/** Narrower than this, in pixels of the canvas, a hole would not be seen. */
const LEAST_PX = 3
const STEP_PX = 6

export function hatch(plot: uPlot, buckets: Buckets, holes: readonly Hole[], colour: string): void {
  const { ctx, bbox } = plot
  for (const hole of holes) {
    const within = holeWithin(buckets, hole)
    if (within === null) continue
    const left = plot.valToPos(within.start, 'x', true)
    const width = Math.max(LEAST_PX, plot.valToPos(within.end, 'x', true) - left)
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, width, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (let at = left - bbox.height; at < left + width; at += STEP_PX) {
      ctx.moveTo(at, bbox.top + bbox.height)
      ctx.lineTo(at + bbox.height, bbox.top)
    }
    ctx.strokeStyle = colour
    ctx.lineWidth = 1.5
    ctx.stroke()
    ctx.restore()
  }
}
