import { expect, it } from 'vitest'
import { between, lastOf } from '../time/range'
import { atRange, countedRange, during, failuresPath, nameTerm, tasksPath } from './links'

it('a number leads to the tasks of its time', () => {
  expect(during(lastOf('6h'), 'finished')).toBe('finished:-6h..')
  expect(during(between(1_795_960_800, null), 'seen')).toBe('seen:1795960800..')
  expect(failuresPath(nameTerm('shop.pay'), between(1_795_960_800, 1_795_964_400))).toBe(
    'tasks?q=name%3Ashop.pay+state%3AFAILURE+finished%3A1795960800..1795964400',
  )
  expect(tasksPath('', lastOf('1h'), 'seen')).toBe('tasks?q=seen%3A-1h..')
})

it('a number of whole buckets leads to the tasks of these', () => {
  const [start, minute] = [1_795_960_800, 60]

  expect(countedRange(between(start + 27, start + 320), start, minute)).toEqual(between(start, start + 360))
  expect(countedRange(between(start, start + 600), start, minute)).toEqual(between(start, start + 600))
  expect(countedRange(between(start + 27, null), start, minute)).toEqual(between(start, null))
  expect(countedRange(lastOf('15m'), start, minute)).toEqual(between(start, null))
  expect(countedRange(lastOf('1h'), start, minute)).toEqual(lastOf('1h'))
  expect(countedRange(lastOf('1h'), start, 600)).toEqual(between(start, null))
})

it('another page shows the same time', () => {
  expect(atRange('names/a', lastOf('6h'), lastOf('1h'))).toBe('names/a?range=6h')
  expect(atRange('names/a', lastOf('1h'), lastOf('1h'))).toBe('names/a')
})
