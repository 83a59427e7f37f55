import { expect, it } from 'vitest'
import { qrCode } from './qr'

/** Whether the square is dark, read off the path. */
function isDark(path: string, x: number, y: number): boolean {
  return [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].some(([, left, top, width]) => Number(top) === y && x >= Number(left) && x < Number(left) + Number(width))
}

it('a code has its three finders, and light round it', () => {
  const { size, path } = qrCode('otpauth://totp/Umbel:ann?secret=JBSWY3DPEHPK3PXP&issuer=Umbel')
  const corner = (x: number, y: number): boolean[] => [0, 1, 2, 3, 4, 5, 6].map((step) => isDark(path, x + step, y + 3))
  const finder = [true, false, true, true, true, false, true]

  expect(corner(4, 4)).toEqual(finder)
  expect(corner(size - 11, 4)).toEqual(finder)
  expect(corner(4, size - 11)).toEqual(finder)
  expect([0, 1, 2, 3].some((y) => Array.from({ length: size }, (_, x) => isDark(path, x, y)).includes(true))).toBe(false)
})
