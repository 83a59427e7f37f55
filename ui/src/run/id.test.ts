import { expect, it } from 'vitest'
import { newId } from './id'

it('an id is a random UUID of version 4', () => {
  expect(newId((bytes) => bytes.fill(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
  expect(newId((bytes) => bytes.fill(0))).toBe('00000000-0000-4000-8000-000000000000')
  expect(newId()).not.toBe(newId())
})
