import { expect, it } from 'vitest'
import { nobody } from './nobody'

it('nobody is said to consume a queue only when all were heard, and the broker counts none', () => {
  expect(nobody({ consumers: 0 }, [])).toBe('nobody consumes it')
  expect(nobody({ consumers: null }, ['w@h'])).toBe('nobody that answered')
  expect(nobody({ consumers: 2 }, [])).toBe('no worker of Celery')
})
