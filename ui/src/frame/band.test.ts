import { describe, expect, test } from 'vitest'
import type { Trouble } from '../api/types'
import { band, lost } from './band'

const trouble = (more: Partial<Trouble>): Trouble => ({
  kind: 'events_off',
  severity: 'warning',
  sentence: 'w1@h runs tasks and tells of none.',
  remedy: '',
  since: 100,
  count: null,
  workers: [],
  action: null,
  ...more,
})

describe('the band', () => {
  test('says nothing while nothing is wrong', () => {
    expect(band([], new Set())).toEqual([])
  })

  test('leaves lag to the dot', () => {
    expect(band([trouble({ kind: 'behind' })], new Set())).toEqual([])
  })

  test('lets a notice be put away, until it is another one', () => {
    const gap = trouble({ kind: 'gap', severity: 'notice' })
    const [line] = band([gap], new Set())
    const dismissed = new Set([line!.key])

    expect(line!.dismissible).toBe(true)
    expect(band([gap], dismissed)).toEqual([])
    expect(band([{ ...gap, since: 200 }], dismissed)).toHaveLength(1)
  })

  test('keeps what goes on', () => {
    const [line] = band([trouble({})], new Set())

    expect(line!.dismissible).toBe(false)
    expect(band([trouble({})], new Set([line!.key]))).toHaveLength(1)
  })

  test('begins with the gravest', () => {
    const troubles = (['notice', 'warning', 'error'] as const).map((severity) => trouble({ severity, kind: severity }))

    expect(band(troubles, new Set()).map(({ trouble: { severity } }) => severity)).toEqual(['error', 'warning', 'notice'])
  })

  test('says since when the server does not answer', () => {
    expect(band(lost(1000).troubles, new Set())[0]!.trouble).toMatchObject({
      severity: 'error',
      since: 1000,
    })
  })
})
