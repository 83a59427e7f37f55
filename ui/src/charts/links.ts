/** Addresses of the tasks behind a number: with its filter, of its time. */

import { between, withRange, type Range } from '../time/range'
import { term } from '../query/edit'
import { searchPath } from '../frame/palette'

/** The range as a term; times from one moment to another in Unix seconds, the same in every zone. */
export function during(range: Range, field: string): string {
  return range.kind === 'last' ? `${field}:-${range.word}..` : `${field}:${range.from}..${range.to ?? ''}`
}

/** The tasks that match `q` and whose `field` (finished, started, seen) lies in the range. */
export function tasksPath(q: string, range: Range, field: string): string {
  return searchPath(`${q} ${during(range, field)}`.trim())
}

export function failuresPath(q: string, range: Range): string {
  return tasksPath(`${q} state:FAILURE`.trim(), range, 'finished')
}

/** An address of a page that has a time range, of the same time. */
export function atRange(path: string, range: Range, usual: Range): string {
  return `${path}${withRange('', range, usual)}`
}

export function nameTerm(name: string): string {
  return term('name', name)
}

/** The span of a brush as a range. */
export function brushedRange({ start, end }: { start: number; end: number }): Range {
  return between(start, end)
}
