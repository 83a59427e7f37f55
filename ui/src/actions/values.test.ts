import { describe, expect, it } from 'vitest'
import { argumentsOf, FieldMistake, fieldOf, requiredNumber, numberOf, reasonOf, DEFAULT_DELIVERY, deliveryOf } from './values'

function mistake(call: () => unknown): FieldMistake {
  try {
    call()
  } catch (error) {
    if (error instanceof FieldMistake) return error
    throw error
  }
  throw new Error('no mistake')
}

describe('arguments', () => {
  it('are sent exactly as they are written', () => {
    expect(argumentsOf('args', '[12345678901234567890]', 'array').text).toBe('[12345678901234567890]')
    expect(argumentsOf('kwargs', '  ', 'object').text).toBe('{}')
  })

  it('are told where they are wrong', () => {
    expect(mistake(() => argumentsOf('args', '[1, None]', 'array'))).toMatchObject({
      field: 'args',
      message: 'JSON writes null for None.',
      span: { start: 4, end: 8 },
    })
    expect(mistake(() => argumentsOf('kwargs', '[1]', 'object'))).toMatchObject({
      field: 'kwargs',
      span: { start: 0, end: 3 },
    })
  })
})

it('the server’s name of a field leads to the field', () => {
  expect(['edit.args[0]', 'rate', 'edit.countdown', null].map(fieldOf)).toEqual(['args', 'rate', 'countdown', ''])
})

describe('numbers', () => {
  it('are read within their bounds', () => {
    expect(numberOf('n', ' 3 ', { least: 1 })).toBe(3)
    expect(numberOf('n', '', { least: 1 })).toBeUndefined()
    expect(mistake(() => numberOf('n', '0', { least: 1 })).message).toBe('The least is 1.')
    expect(mistake(() => numberOf('n', '1.5', { least: 1, whole: true })).message).toContain('whole')
    expect(mistake(() => numberOf('n', 'two', { least: 1 })).message).toContain('not a number')
    expect(mistake(() => requiredNumber('n', '', { least: 1 })).field).toBe('n')
  })
})

describe('the delivery of a task', () => {
  it('is the usual one when nothing is typed', () => {
    expect(deliveryOf(DEFAULT_DELIVERY, 'utc')).toEqual({})
  })

  it('has what is typed, and of countdown and ETA the one that is chosen', () => {
    const text = { ...DEFAULT_DELIVERY, queue: ' mail ', priority: '3', countdown: '60', eta: '2026-11-22T14:00', expires: '90' }

    expect(deliveryOf({ ...text, when: 'countdown' }, 'utc')).toEqual({ queue: 'mail', priority: 3, countdown: 60, expires: 90 })
    expect(deliveryOf({ ...text, when: 'eta' }, 'utc')).toMatchObject({ eta: Date.UTC(2026, 10, 22, 14) / 1000 })
    expect(mistake(() => deliveryOf({ ...DEFAULT_DELIVERY, when: 'eta' }, 'utc')).field).toBe('eta')
  })
})

describe('a reason', () => {
  it('is sent without the space around it, or not at all', () => {
    expect(reasonOf(' poison since 14:00 ')).toEqual({ reason: 'poison since 14:00' })
    expect(reasonOf('  ')).toEqual({})
  })
})
