import { describe, expect, it } from 'vitest'
import { readNote } from './notes'

const note = (detail: string) => readNote({ type: 'task-progress', timestamp: 5, hostname: 'w@h', detail })

describe('a note', () => {
  it('tells its fields and how far along the task is', () => {
    expect(note('{"current": 1, "total": 4, "step": "capture"}')).toEqual({
      type: 'progress',
      at: 5,
      fields: [
        { name: 'current', value: '1' },
        { name: 'total', value: '4' },
        { name: 'step', value: 'capture' },
      ],
      progress: 0.25,
    })
  })

  it.each(['{"current": 9, "total": 0}', '{"current": "a", "total": 4}', '[1, 2]', '{}'])(
    'without a measure has no progress: %s',
    (detail) => {
      expect(note(detail).progress).toBeNull()
    },
  )

  it('never leaves its bounds', () => {
    expect(note('{"current": 9, "total": 4}').progress).toBe(1)
  })

  it('that is no JSON is shown as it came', () => {
    expect(note('{oops').fields).toEqual([{ name: '', value: '{oops' }])
  })
})
