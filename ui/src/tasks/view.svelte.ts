/** How a person has the Tasks page: which parts are open, which columns; kept in this browser. */

import { readStored, writeStored } from '../frame/storage'
import { readLayout, type Layout } from './columns'
import { USUAL_LAYOUT } from './usual_layout'

/** From this width on there is room beside the list, in pixels. */
const WIDE_PX = 1_440

type Part = 'facets' | 'chart' | 'preview'

export class View {
  facets = $state(read('facets', innerWidth >= WIDE_PX))
  chart = $state(read('chart', true))
  preview = $state(read('preview', false))

  layout: Layout = $state.raw(readLayout(readStored('columns'), USUAL_LAYOUT))
  /** Moments are times of the day, as in logs, and not how long ago. */
  clockTimes = $state(readStored('clock-times') === true)

  /** Whoever goes back to the usual columns follows them when they change. */
  chooseLayout(layout: Layout): void {
    this.layout = layout
    writeStored('columns', layout === USUAL_LAYOUT ? null : layout)
  }

  chooseClock(clockTimes: boolean): void {
    this.clockTimes = clockTimes
    writeStored('clock-times', clockTimes)
  }

  toggle(part: Part): void {
    this[part] = !this[part]
    writeStored(`tasks-${part}`, this[part])
  }
}

function read(part: Part, usual: boolean): boolean {
  const stored = readStored(`tasks-${part}`)
  return typeof stored === 'boolean' ? stored : usual
}
