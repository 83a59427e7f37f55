/** Complete arguments, as a worker may tell them (docs/no-loss-on-redis.md). */

import { parseJson, type Json } from '../json/parse'

/** What Umbel writes where something must not be seen. */
const HIDDEN = '<hidden>'

/** The value of `source`; null where there is none, or it cannot be read. */
export function complete(source: string | null | undefined): Json | null {
  if (source === null || source === undefined) return null
  try {
    return parseJson(source)
  } catch {
    return null
  }
}

/** The same, unless a part of it is hidden. */
export function sendable(source: string | null | undefined): Json | null {
  return source?.includes(HIDDEN) ? null : complete(source)
}

export function isEmpty(json: Json): boolean {
  return (json.kind === 'array' && json.items.length === 0) || (json.kind === 'object' && json.members.length === 0)
}
