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
    expect(band([], new Set())).toEqual({ lines: [], more: 0 })
  })

  test('leaves lag to the dot', () => {
    expect(band([trouble({ kind: 'behind' })], new Set()).lines).toEqual([])
  })

  test('lets a notice be put away, until it is another one', () => {
    const gap = trouble({ kind: 'gap', severity: 'notice' })
    const [line] = band([gap], new Set()).lines
    const dismissed = new Set([line!.key])

    expect(line!.dismissible).toBe(true)
    expect(band([gap], dismissed).lines).toEqual([])
    expect(band([{ ...gap, since: 200 }], dismissed).lines).toHaveLength(1)
  })

  test('keeps what goes on', () => {
    const [line] = band([trouble({})], new Set()).lines

    expect(line!.dismissible).toBe(false)
    expect(band([trouble({})], new Set([line!.key])).lines).toHaveLength(1)
  })

  test('counts what it has no room for', () => {
    const many = [1, 2, 3, 4, 5].map((since) => trouble({ since }))

    expect(band(many, new Set())).toMatchObject({ more: 2, lines: { length: 3 } })
  })

  test('says since when the server does not answer', () => {
    expect(band(lost(1000).troubles, new Set()).lines[0]!.trouble).toMatchObject({
      severity: 'error',
      since: 1000,
    })
  })
})
