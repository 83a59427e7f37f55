import { describe, expect, it } from 'vitest'
import type { Chip } from '../api/types'
import { chosenClusters, merged, newKeys, toggleCluster } from './all_rows'

const row = (cluster: string, uuid: string) => ({ cluster, uuid })

function chip(q: string, text: string, negated = false): Chip {
  const start = q.indexOf(text)
  return { text, start, end: start + text.length, field: text.slice(0, text.indexOf(':')), negated }
}

describe('rows of several clusters', () => {
  it('has the same id once of each cluster', () => {
    const rows = merged([row('a', '1')], [row('b', '1'), row('a', '1'), row('a', '2')])

    expect(rows).toEqual([row('a', '1'), row('b', '1'), row('a', '2')])
  })

  it('counts the rows of the first page that are not shown', () => {
    expect(newKeys([row('a', '1')], [row('b', '1'), row('a', '1')])).toBe(1)
  })
})

describe('clusters of a search', () => {
  it('adds a cluster to the search, and another one beside it', () => {
    expect(toggleCluster('state:FAILURE', [], 'eu')).toBe('cluster:eu state:FAILURE')

    const q = 'cluster:eu state:FAILURE'
    expect(toggleCluster(q, [chip(q, 'cluster:eu')], 'us')).toBe('cluster:eu,us state:FAILURE')
  })

  it('takes a chosen one away, and the whole term with the last', () => {
    const q = 'mail cluster:eu,us'
    expect(toggleCluster(q, [chip(q, 'cluster:eu,us')], 'eu')).toBe('cluster:us mail')

    const one = 'cluster:eu mail'
    expect(toggleCluster(one, [chip(one, 'cluster:eu')], 'eu')).toBe('mail')
  })

  it('leaves a cluster alone that is left out', () => {
    const q = '-cluster:eu'
    const chips = [chip(q, '-cluster:eu', true)]

    expect(chosenClusters(chips)).toBeNull()
    expect(toggleCluster(q, chips, 'us')).toBe('cluster:us -cluster:eu')
  })

  it('knows the chosen ones, quoted or not', () => {
    const q = 'cluster:"web shop",eu'
    expect(chosenClusters([chip(q, q)])).toEqual(['web shop', 'eu'])
    expect(chosenClusters([])).toBeNull()
  })
})
