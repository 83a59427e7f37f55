import { expect, it } from 'vitest'
import { unconsumedWords } from './consumers'

it('nobody is said to consume a queue only when all were heard, and the broker counts none', () => {
  expect(unconsumedWords({ consumers: 0 }, [])).toBe('nobody consumes it')
  expect(unconsumedWords({ consumers: null }, ['w@h'])).toBe('nobody that answered')
  expect(unconsumedWords({ consumers: 2 }, [])).toBe('no worker of Celery')
})
