/** A time on the clock of a zone, as the server writes it (ISO 8601 with the offset), for people. */

import { formatTimestamp, type Zone } from '../format/time'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** "Sun 2026-03-29 03:30:00 +02:00"; what is none stands as it is. */
export function localWords(iso: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})([+-]\d{2}:\d{2})/.exec(iso)
  if (!parts) return iso
  const [, year, month, day, time, offset] = parts
  const weekday = DAYS[new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay()]
  return `${weekday} ${year}-${month}-${day} ${time} ${offset}`
}

/** "Sun 2026-03-29 01:30:00 UTC": a moment in the zone of whoever looks, in whole seconds. */
export function ownWords(at: number, zone: Zone): string {
  const day = DAYS[zone === 'utc' ? new Date(at * 1000).getUTCDay() : new Date(at * 1000).getDay()]
  return `${day} ${formatTimestamp(at, zone).replace(/\.\d{3}/, '')}`
}
