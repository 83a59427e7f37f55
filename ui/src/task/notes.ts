/** Events of the application's own, read for people. */

import type { Note } from '../api/types'

export interface ReadNote {
  type: string
  at: number
  /** Field by field; a note whose detail is no object has one field without a name. */
  fields: { name: string; value: string }[]
  /** How far along, 0 to 1, where the note tells it as Celery's progress recipes do. */
  progress: number | null
}

export function readNote(note: Note): ReadNote {
  const detail = parsed(note.detail)
  const isObject = typeof detail === 'object' && detail !== null && !Array.isArray(detail)
  const entries = isObject ? Object.entries(detail) : [['', detail] as const]
  return {
    type: note.type.replace(/^task-/, ''),
    at: note.timestamp,
    fields: entries
      .filter(([, value]) => value !== '' && value !== undefined)
      .map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) })),
    progress: isObject ? progressOf(detail as Record<string, unknown>) : null,
  }
}

function progressOf(detail: Record<string, unknown>): number | null {
  const done = detail['current'] ?? detail['done']
  const total = detail['total']
  if (typeof done !== 'number' || typeof total !== 'number' || total <= 0) return null
  return Math.min(1, Math.max(0, done / total))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
