import { expect, it } from 'vitest'
import { between, lastOf } from '../time/range'
import { atRange, during, failuresPath, nameTerm, tasksPath } from './links'

it('a number leads to the tasks of its time', () => {
  expect(during(lastOf('6h'), 'finished')).toBe('finished:-6h..')
  expect(during(between(1_795_960_800, null), 'seen')).toBe('seen:1795960800..')
  expect(failuresPath(nameTerm('shop.pay'), between(1_795_960_800, 1_795_964_400))).toBe(
    'tasks?q=name%3Ashop.pay+state%3AFAILURE+finished%3A1795960800..1795964400',
  )
  expect(tasksPath('', lastOf('1h'), 'seen')).toBe('tasks?q=seen%3A-1h..')
})

it('another page shows the same time', () => {
  expect(atRange('names/a', lastOf('6h'), lastOf('1h'))).toBe('names/a?range=6h')
  expect(atRange('names/a', lastOf('1h'), lastOf('1h'))).toBe('names/a')
})
