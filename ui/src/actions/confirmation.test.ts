import { describe, expect, it } from 'vitest'
import type { ActionReport } from '../api/control_types'
import { confirmedState } from './confirmation'

const report = (state: ActionReport['state'], ...outcomes: ActionReport['workers'][number]['outcome'][]): ActionReport => ({
  id: 'a',
  state,
  sentence: '',
  total: 1,
  done: 1,
  failed: 0,
  skipped: 0,
  workers: outcomes.map((outcome, at) => ({ worker: `celery@${at}`, outcome, answer: null, said: null })),
  failures: {},
  left_out: {},
  notes: [],
  sent: {},
  is_unsure: false,
  started: 1,
  finished: 2,
})

describe('how an action stands', () => {
  it('is unknown where no worker confirmed it', () => {
    expect(confirmedState(report('done', 'unknown'), 'pool_grow')).toBe('unknown')
    expect(confirmedState(report('done', 'unknown', 'ok'), 'pool_grow')).toBe('done')
    expect(confirmedState(report('failed', 'refused'), 'pool_grow')).toBe('failed')
    expect(confirmedState(report('done'), 'revoke')).toBe('done')
  })

  it('is done where workers were told of what they never answer', () => {
    expect(confirmedState(report('done', 'unknown'), 'shutdown')).toBe('done')
    expect(confirmedState(report('done', 'unknown'), 'pause')).toBe('done')
  })
})
