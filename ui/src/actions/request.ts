/** From an action, what it is about, and what was typed, to what is asked of the server. */

import type { ActionKind, ActionRequest } from '../api/control_types'
import { KINDS, type FieldName } from './kinds'
import { requiredNumber, requiredText, numberOf } from './values'

/** What an action is about. */
export interface Target {
  ids?: readonly string[]
  q?: string
  /** The zone of times in `q` that name none. */
  tz?: string
  workers?: readonly string[]
  queue?: string
  name?: string
}

export type Typed = Record<FieldName, string>

export const SIGNALS = ['SIGTERM', 'SIGQUIT', 'SIGUSR1', 'SIGKILL'] as const

export function firstTyped(target: Target): Typed {
  return {
    signal: 'SIGTERM',
    n: '1',
    min: '',
    max: '',
    queue: target.queue ?? '',
    name: target.name ?? '',
    rate: '',
    soft: '',
    hard: '',
  }
}

/** Raises `FieldMistake`. */
export function requestOf(action: ActionKind, target: Target, typed: Typed): ActionRequest {
  const request: ActionRequest = { action, ...target }
  for (const field of KINDS[action].fields) read(request, field, typed[field])
  return request
}

function read(request: ActionRequest, field: FieldName, text: string): void {
  switch (field) {
    case 'signal':
      request.signal = requiredText(field, text, 'A signal')
      break
    case 'queue':
      request.queue = requiredText(field, text, 'The name of a queue')
      break
    case 'name':
      request.name = requiredText(field, text, 'The name of a task')
      break
    case 'rate':
      request.rate = requiredText(field, text, 'A rate, such as 10/m,')
      break
    case 'n':
      request.n = requiredNumber(field, text, { least: 1, most: 10_000, whole: true })
      break
    case 'min':
      request.min = requiredNumber(field, text, { least: 0, most: 10_000, whole: true })
      break
    case 'max':
      request.max = requiredNumber(field, text, { least: 1, most: 10_000, whole: true })
      break
    default: {
      const limit = numberOf(field, text, { least: 0.001 })
      if (limit !== undefined) request[field] = limit
    }
  }
}
