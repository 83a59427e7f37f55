/** The numbers of the histogram: asked for when the search changes, and again while it is seen. */

import { api } from '../api/client'
import type { Chip } from '../api/types'
import { Problem } from '../api/problem'
import type { SeriesOfCounts } from '../api/schema'
import { clock } from '../frame/clock.svelte'
import { preferences } from '../frame/preferences.svelte'
import { Resource } from '../frame/resource.svelte'
import { stream } from '../frame/stream.svelte'
import { isSame, spanOf, type Range } from '../time/range'
import { histogramSearch } from './histogram'
import { Unhurried } from './unhurried'
import { zoneOf } from './time_term'

interface Answer {
  series: SeriesOfCounts
  range: Range
  /** Until when it counts. */
  now: number
}

export class HistogramNumbers {
  private q = ''
  private tz = ''
  private range: Range | null = null
  private chips: readonly Chip[] = []
  private readonly unhurried = new Unhurried()
  private readonly resource = new Resource<Answer>((signal) => this.ask(signal), this.unhurried.pause)

  get answer(): Answer | null {
    return this.resource.answer
  }

  get problem(): Problem | null {
    return this.resource.problem
  }

  get loading(): boolean {
    return this.resource.loading
  }

  start(): () => void {
    return this.resource.start(this.answer)
  }

  /** Show those of another search; numbers of the one before stay until they come. */
  show(q: string, tz: string, chips: readonly Chip[], oldest: number | null): void {
    const { range } = histogramSearch(q, chips, zoneOf(tz) ?? preferences.zone, oldest, clock.now)
    const same = q === this.q && tz === this.tz && isSame(range, this.range)
    Object.assign(this, { q, tz, chips, range })
    if (!same) void this.resource.load()
  }

  private async ask(signal: AbortSignal): Promise<Answer> {
    if (stream.oldest === null) stream.heard(await api.status(signal))
    const { q, range } = histogramSearch(this.q, this.chips, zoneOf(this.tz) ?? preferences.zone, stream.oldest, clock.now)
    const { now } = clock
    const series = await this.unhurried.time(api.counts({ q, tz: this.tz, ...spanOf(range, now) }, signal))
    return { series, range, now }
  }
}
