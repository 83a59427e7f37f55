import { describe, expect, it } from 'vitest'
import { write } from '../json/convert'
import { complete, isEmpty, sendable } from './complete'

describe('complete arguments', () => {
  it('are read with their numbers as they were written', () => {
    const found = complete('[1.50, 12345678901234567890, "a"]')

    expect(found && write(found)).toContain('12345678901234567890')
  })

  it('are not there where a worker told none, or what is no JSON', () => {
    expect([complete(null), complete(undefined), complete('<hidden>'), complete('[1')]).toEqual([null, null, null, null])
  })

  it('are not to be sent again where a part is hidden', () => {
    expect(sendable('["<hidden>"]')).toBeNull()
    expect(sendable('["shown"]')).not.toBeNull()
  })

  it('may be none', () => {
    expect(['[]', '{}', '[0]'].map((source) => isEmpty(complete(source)!))).toEqual([true, true, false])
  })
})
