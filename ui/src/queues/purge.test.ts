import { expect, it } from 'vitest'
import { purgeLabel } from './purge'

it('a purge says how many messages it removes, and is not offered for none', () => {
  expect(purgeLabel(1204)).toBe('Purge 1,204')
  expect(purgeLabel(null)).toBe('Purge')
  expect(purgeLabel(0)).toBeNull()
})
