import { describe, expect, it } from 'vitest'
import { belowServer, dotOf, titleOf } from './cluster_address'

describe('an address below the server', () => {
  it('leaves the cluster of the page', () => {
    const base = 'https://ops.example/umbel/c/shop/'

    expect(belowServer('c/mail/', base, 'shop')).toBe('https://ops.example/umbel/c/mail/')
  })

  it('is below the base where there is no cluster', () => {
    expect(belowServer('clusters', 'https://ops.example/', '')).toBe('https://ops.example/clusters')
  })
})

it('clusters beside each other have dots of different colours', () => {
  expect(dotOf(0)).not.toBe(dotOf(1))
  expect(dotOf(0, 'red')).toBe('var(--cluster-red)')
})

it('a title begins with the name of the cluster, if it has one', () => {
  expect(titleOf('Tasks', 'shop')).toBe('shop · Tasks · Umbel')
  expect(titleOf('Tasks', '')).toBe('Tasks · Umbel')
})
