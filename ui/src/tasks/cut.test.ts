import { describe, expect, it } from 'vitest'
import { cutSentence } from './cut'

describe('a row', () => {
  it.each([[undefined], [[]]])('of which nothing was cut says nothing', (cut) => {
    expect(cutSentence(cut)).toBeNull()
  })

  it('says which of its texts were cut, and where they are whole', () => {
    expect(cutSentence(['result', 'args'])).toBe(
      "Cut here, since the list would be too large: arguments, result. The task's own page shows all.",
    )
  })
})
