import { expect, test } from 'vitest'
import type { ReconciledFact } from '../api/schema'
import { reconciledSentences, unknownSentence } from './reconciled'

const NOW = 1_800_000_000

function fact(more: Partial<ReconciledFact>): ReconciledFact {
  return { source: 'backend', at: NOW - 120, kind: 'succeeded', timestamp: NOW - 300, holds: true, why: null, sources: [], ...more }
}

test('an end that the result backend told is said to be so', () => {
  expect(reconciledSentences({ reconciled: [fact({})] }, NOW)).toEqual([
    'That it succeeded was not heard: the result backend said so when asked 2 min ago.',
  ])
})

test('what an event told better is not said', () => {
  expect(reconciledSentences({ reconciled: [fact({ holds: false })] }, NOW)).toEqual([])
})

test('of an unknown end it is said why, and who was asked', () => {
  const unknown = fact({ kind: 'unknown', at: NOW - 60, why: 'worker-lost', sources: ['backend', 'worker'] })

  expect(unknownSentence({ reconciled: [unknown], worker: 'w1@h' }, NOW)).toBe(
    'Nobody knows how it ended: w1@h, which had it, is gone or was started anew. Asked 1 min ago: the result backend and the workers.',
  )
})
