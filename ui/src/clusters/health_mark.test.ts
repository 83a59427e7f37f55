import { expect, test } from 'vitest'
import { criticalElsewhere, markOf } from './health_mark'

test('a cluster has the mark of its gravest finding', () => {
  expect(markOf({ severity: 'critical', well: false })).toEqual({ icon: 'failure', word: 'Critical', tone: 'critical' })
  expect(markOf({ severity: 'notice', well: false }).tone).toBe('notice')
})

test('what is not known is not marked as well', () => {
  expect(markOf({ severity: null, well: true }).word).toBe('Well')
  expect(markOf({ severity: null, well: false }).word).toBe('Not known')
})

test('the header names the other clusters in which something is critical', () => {
  const cluster = (name: string, severity: 'critical' | 'warning' | null) => ({ name, label: name.toUpperCase(), health: { severity } })
  const clusters = [cluster('a', 'critical'), cluster('b', 'warning'), cluster('c', 'critical'), cluster('d', null)]

  expect(criticalElsewhere(clusters, 'b')).toBe('Critical in A, C')
  expect(criticalElsewhere(clusters, 'a')).toBe('Critical in C')
  expect(criticalElsewhere(clusters.slice(0, 2), 'a')).toBe('')
})
