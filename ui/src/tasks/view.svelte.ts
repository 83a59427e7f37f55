/** Which parts of the Tasks page a person has open, kept in this browser. */

import { readStored, writeStored } from '../frame/storage'

/** From this width on there is room beside the list, in pixels. */
const WIDE_PX = 1_440

type Part = 'facets' | 'chart' | 'preview'

export class View {
  facets = $state(read('facets', innerWidth >= WIDE_PX))
  chart = $state(read('chart', true))
  preview = $state(read('preview', false))

  toggle(part: Part): void {
    this[part] = !this[part]
    writeStored(`tasks-${part}`, this[part])
  }
}

function read(part: Part, usual: boolean): boolean {
  const stored = readStored(`tasks-${part}`)
  return typeof stored === 'boolean' ? stored : usual
}
