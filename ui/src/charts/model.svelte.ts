/**
 * The three series that a page's charts are drawn from: how tasks ended, waited and ran.
 *
 * A range that ends now goes with the clock and is asked for again; one that is over is asked for
 * once. What is shown stays until its successor has come, so that charts never jump.
 */

import { api } from '../api/client'
import type { Incomplete, SeriesOfCounts, SeriesOfRuntimes, SeriesOfWaits } from '../api/schema'
import { clock } from '../frame/clock.svelte'
import { Resource } from '../frame/resource.svelte'
import { spanOf, type Range } from '../time/range'
import type { Buckets } from '../parts/chart'
import { bucketsOf, pauseOf, type Span } from './buckets'

/** An answer, and of which time it is. */
export interface Answered<T> {
  span: Span
  answer: T
}

/** The buckets of an answer, as a chart draws them now. */
export function bucketsIn({ span, answer }: Answered<{ bucket_s: number }>): Buckets {
  return bucketsOf(span, answer.bucket_s, clock.known)
}

/** What of the time passed unseen. */
export function holesIn(incomplete: Incomplete | null): Incomplete['gaps'] {
  return incomplete?.gaps ?? []
}

/** A resource over the time range that `range` gives now; `key` tells its questions of a range apart
 * from all others. */
export function ranged<T>(range: () => Range, key: () => string, ask: (span: Span, signal: AbortSignal) => Promise<T>, pause_s = pauseOf): Resource<Answered<T>> {
  return new Resource<Answered<T>>(
    async (signal) => {
      const span = spanOf(range(), clock.now)
      return { span, answer: await ask(span, signal) }
    },
    () => (isOver(range()) ? null : pause_s(length(range()))),
    () => JSON.stringify([key(), range()]),
  )
}

/** What of a resource is needed to begin and to ask again. */
export type Asking = Pick<Resource<never>, 'start' | 'load' | 'problemToShow'>

export class TaskSeries {
  readonly counts: Resource<Answered<SeriesOfCounts>>
  readonly runtimes: Resource<Answered<SeriesOfRuntimes>>
  readonly waits: Resource<Answered<SeriesOfWaits>>

  constructor(range: () => Range, q: () => string = () => '') {
    this.counts = ranged(range, () => `counts ${q()}`, (span, signal) => api.series({ q: q(), measure: 'count', ...span }, signal))
    this.runtimes = ranged(range, () => `runtimes ${q()}`, (span, signal) => api.series({ q: q(), measure: 'runtime', ...span }, signal))
    this.waits = ranged(range, () => `waits ${q()}`, (span, signal) => api.series({ q: q(), measure: 'wait', ...span }, signal))
  }

  get all(): Asking[] {
    return [this.counts, this.runtimes, this.waits]
  }
}

/** Start resources anew whenever the range is another one; call it where effects may be made. */
export function follow(range: () => unknown, resources: () => readonly Asking[]): void {
  $effect(() => {
    void range()
    const ends = resources().map((resource) => resource.start())
    return () => ends.forEach((end) => end())
  })
}

function isOver(range: Range): boolean {
  return range.kind === 'between' && range.to !== null
}

function length(range: Range): number {
  const { from, to } = spanOf(range, clock.now)
  return to - from
}
