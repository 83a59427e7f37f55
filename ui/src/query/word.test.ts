import { describe, expect, it } from 'vitest'
import { enterTakes, isUnfinished, tabTakes } from './word'

const offers = (start: number, end: number, ...inserts: string[]) =>
  inserts.map((insert) => ({ insert, start, end }))

describe('a word that is typed', () => {
  it.each([
    ['st', offers(0, 2, 'state:', 'started:'), true],
    ['state:', offers(6, 6, 'PENDING', 'FAILURE'), true],
    ['state:f', offers(6, 7, 'FAILURE'), true],
    ['name:shop.a', offers(5, 11, 'shop.add', 'shop.audit'), true],
    ['name:shop.add', offers(5, 13, 'shop.add', 'shop.add_all'), false],
    ['name:shop.*', offers(5, 11, 'shop.add'), false],
    ['ship', offers(0, 4, 'name:shop.ship'), false],
    ['name:a ', offers(7, 7, 'state:'), false],
    ['parcel', [], false],
  ])('%s is unfinished or not, as its suggestions tell', (text, all, unfinished) => {
    expect(isUnfinished(text, all)).toBe(unfinished)
  })

  it('is completed by Tab, from its middle too', () => {
    expect(tabTakes('state:f', offers(6, 7, 'FAILURE'))?.insert).toBe('FAILURE')
    expect(tabTakes('ship', offers(0, 4, 'name:shop.ship'))?.insert).toBe('name:shop.ship')
    expect(tabTakes('state:', offers(6, 6, 'PENDING'))?.insert).toBe('PENDING')
  })

  it('lets Tab move on where nothing is typed', () => {
    expect(tabTakes('', offers(0, 0, 'state:'))).toBeNull()
    expect(tabTakes('name:a ', offers(7, 7, 'state:'))).toBeNull()
    expect(tabTakes('parcel', [])).toBeNull()
  })

  it('is completed by Enter where half of it would be a mistake', () => {
    expect(enterTakes('state:fail', offers(6, 10, 'FAILURE'))?.insert).toBe('FAILURE')
    expect(enterTakes('name:a -is:re', offers(11, 13, 'redelivered'))?.insert).toBe('redelivered')
    expect(enterTakes('state:FAILURE,su', offers(14, 16, 'SUCCESS'))?.insert).toBe('SUCCESS')
  })

  it('is searched by Enter as it stands where it may be meant', () => {
    expect(enterTakes('name:shop.a', offers(5, 11, 'shop.add'))).toBeNull()
    expect(enterTakes('st', offers(0, 2, 'state:'))).toBeNull()
    expect(enterTakes('state:', offers(6, 6, 'PENDING'))).toBeNull()
    expect(enterTakes('runtime:>1', offers(8, 10, '>1s'))).toBeNull()
  })
})
