import { describe, expect, it } from 'vitest'
import { chosenOf, toggled, valueIn } from './diff'

describe('the clusters that are compared', () => {
  it('are those of the address, or all', () => {
    expect(chosenOf('?clusters=eu,us')).toEqual(['eu', 'us'])
    expect(chosenOf('')).toEqual([])
  })

  it('are one less or one more, but two at least', () => {
    const all = ['eu', 'us', 'ap']

    expect(toggled([], all, 'us')).toEqual(['eu', 'ap'])
    expect(toggled(['eu', 'ap'], all, 'us')).toEqual([])
    expect(toggled(['eu', 'ap'], all, 'eu')).toEqual(['eu', 'ap'])
  })
})

describe('what a cluster has', () => {
  const values = [
    { value: '"5.5.0"', count: 1, workers: ['eu'] },
    { value: null, count: 1, workers: ['us'] },
  ]

  it('is its value in words, or that it has none', () => {
    expect(valueIn({ kind: 'version', values }, 'eu')).toEqual({ text: '5.5.0', isAbsent: false })
    expect(valueIn({ kind: 'setting', values }, 'us')).toEqual({ text: 'not set', isAbsent: true })
    expect(valueIn({ kind: 'task', values }, 'us').text).toBe('not registered')
  })
})
