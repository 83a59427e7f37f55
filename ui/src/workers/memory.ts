/** Memory as people read it: "57 MB", "1.2 GB", with 1,024 as the step, as `ps` and `top` count. */

import { formatNumber } from '../format/number'

const STEP = 1_024

export function formatMemory(bytes: number): string {
  const mb = bytes / STEP ** 2
  if (mb < 0.95) return `${Math.round(bytes / STEP)} kB`
  if (mb < 999.5) return `${mb < 9.95 ? mb.toFixed(1) : Math.round(mb)} MB`
  const gb = mb / STEP
  return `${gb < 9.95 ? gb.toFixed(1) : formatNumber(Math.round(gb))} GB`
}
