import { describe, expect, it } from 'vitest'
import { belowServer, dotsOf, inClusters, titleOf } from './cluster_address'

describe('an address below the server', () => {
  it('leaves the cluster of the page', () => {
    const base = 'https://ops.example/umbel/c/shop/'

    expect(belowServer('c/mail/', base, 'shop')).toBe('https://ops.example/umbel/c/mail/')
  })

  it('is below the base where there is no cluster', () => {
    expect(belowServer('clusters', 'https://ops.example/', '')).toBe('https://ops.example/clusters')
  })
})

describe('the dots of clusters', () => {
  const of = (...colours: (string | null)[]): string[] => dotsOf(colours.map((colour) => ({ colour })))

  it('have the colours of the settings, and others where there are none', () => {
    expect(of(null, 'blue', null, 'red')).toEqual(['var(--cluster-green)', 'var(--cluster-blue)', 'var(--cluster-violet)', 'var(--cluster-red)'])
  })

  it('are all different as long as there are colours', () => {
    expect(new Set(of('red', null, null, null, null, null)).size).toBe(6)
    expect(of('red', 'amber', 'green', 'blue', 'violet', 'grey', null)).toHaveLength(7)
  })
})

it('a title begins with the name of the cluster, if it has one', () => {
  expect(titleOf('Tasks', 'shop')).toBe('shop · Tasks · Umbel')
  expect(titleOf('Tasks', '')).toBe('Tasks · Umbel')
})

it('an address without a cluster leads to the page of each, or below the one that it names', () => {
  const clusters = ['shop', 'mail'].map((name) => ({ name, path: `c/${name}/` }))
  const hrefs = (path: string, isPage: boolean): string[] => inClusters(path, isPage, clusters).map(({ href }) => href)

  expect(hrefs('workers/w1@vm', true)).toEqual(['c/shop/workers/w1@vm', 'c/mail/workers/w1@vm'])
  expect(hrefs('mail/queues', false)).toEqual(['c/mail/queues'])
  expect(hrefs('nosuch', false)).toEqual([])
})
