import { describe, expect, it } from 'vitest'
import { fitted, placementOf } from './popover'

const WINDOW = { width: 1000, height: 800 }
const button = (left: number, top: number): Parameters<typeof placementOf>[0] => ({ left, right: left + 100, top, bottom: top + 20 })

describe('a popover', () => {
  it('stands below its button, at the edge that is nearer to the edge of the window', () => {
    expect(placementOf(button(100, 40), WINDOW)).toEqual({ top: 60, bottom: null, left: 100, right: null, height: 740 })
    expect(placementOf(button(800, 40), WINDOW)).toMatchObject({ left: null, right: 100 })
  })

  it('stands above it where there is more room', () => {
    expect(placementOf(button(100, 700), WINDOW)).toMatchObject({ top: null, bottom: 100, height: 700 })
    expect(placementOf(button(100, 100), { width: 1000, height: 300 })).toMatchObject({ top: 120, height: 180 })
  })

  it('stays in the window when its button does not', () => {
    expect(placementOf(button(-40, -40), WINDOW)).toMatchObject({ top: 0, left: 0 })
    expect(placementOf(button(980, 40), WINDOW)).toMatchObject({ right: 0 })
  })

  it('that is wider than its room is moved into the window', () => {
    const left = placementOf(button(400, 40), WINDOW)
    expect(fitted(left, { left: 400, right: 1050 }, 1000)).toMatchObject({ left: 342, right: null })
    const right = placementOf(button(800, 40), WINDOW)
    expect(fitted(right, { left: -30, right: 900 }, 1000)).toMatchObject({ left: null, right: 62 })
    expect(fitted(right, { left: 10, right: 900 }, 1000)).toEqual(right)
  })
})
