import { expect, test } from 'vitest'
import { RowCounter } from './exported_rows'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('tasks of a sheet are its lines without the head, whatever stands in quotes', () => {
  const counter = new RowCounter('csv')
  expect(counter.add(bytes('uuid,result\r\n'))).toBe(0)
  expect(counter.add(bytes('1,"two\nlines, and ""quo'))).toBe(0)
  expect(counter.add(bytes('tes"""\r\n2,x\r\n'))).toBe(2)
})

test('tasks of an array are those behind which another begins, and the last at its end', () => {
  const counter = new RowCounter('json')
  expect(counter.add(bytes('[\n{"a":"\\n"},'))).toBe(0)
  expect(counter.add(bytes('\n{"a":"\\""}'))).toBe(1)
  expect(counter.add(bytes('\n]\n'))).toBe(2)
})
