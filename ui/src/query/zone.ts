/**
 * The zone of times in a search that name none: it stands in the address (`tz`, an IANA name), so that
 * a link means the same to somebody elsewhere.
 */

import { searchOf } from '../frame/address'

/** Days and times of a search, as they are written: what a zone is needed for. */
export function datesOf(q: string): string {
  return (q.match(/\d{4}-\d\d-\d\d[^\s,()]*/g) ?? []).join(' ')
}

/** The zone of an address's search; where it names none, that of the screen. */
export function zoneOfAddress(parameters: string, shown: string): string {
  return new URLSearchParams(parameters).get('tz') || shown
}

/** An address's parameters, with the zone of the screen where its search needs one and has none. */
export function withZone(parameters: string, shown: string): string {
  const read = new URLSearchParams(parameters)
  if (read.get('tz') || datesOf(read.get('q') ?? '') === '') return parameters
  read.set('tz', shown)
  return searchOf(read)
}

/** Let parameters search for `q`. Other times than before are of the zone of the screen. */
export function setQuery(parameters: URLSearchParams, q: string): void {
  const text = q.trim()
  if (datesOf(text) !== datesOf(parameters.get('q') ?? '')) parameters.delete('tz')
  if (text === '') parameters.delete('q')
  else parameters.set('q', text)
}
