import { expect, test } from 'vitest'
import type { Alert } from '../api/schema'
import { lastFirst } from './history'

const alert = (id: string, ended: number, sentence = ''): Alert => ({
  id, ended, sentence, rule: 'r', name: 'Rule', condition: 'any finding', severity: 'warning', subject: '', phase: 'resolved', since: 1,
  value: null, link: '', fired: 1, announced: true, announced_at: 1, escalated: null, well_since: null, unknown_since: null, silenced: null, untold: false, acknowledgement: null,
})

test('what was shown stays while newer ones push it off the first page', () => {
  const shown = lastFirst([alert('c', 3), alert('b', 2)], [alert('a', 1)])
  const after = lastFirst(shown, [alert('e', 5), alert('d', 4)])

  expect(after.map(({ id }) => id)).toEqual(['e', 'd', 'c', 'b', 'a'])
})

test('an alert of two pages is there once, as it was had last', () => {
  expect(lastFirst([alert('a', 1)], [alert('a', 1, 'now'), alert('b', 1)]).map(({ id, sentence }) => id + sentence)).toEqual(['b', 'anow'])
})
