import { describe, expect, it } from 'vitest'
import { truncationSentence } from './truncation'

describe('a row', () => {
  it.each([[undefined], [[]]])('of which nothing was cut says nothing', (cut) => {
    expect(truncationSentence(cut)).toBeNull()
  })

  it('says which of its texts were cut, and where they are whole', () => {
    expect(truncationSentence(['result', 'args'])).toBe(
      "Cut here, since the list would be too large: arguments, result. The task's own page shows all.",
    )
  })
})
