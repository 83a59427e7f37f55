import { expect, it } from 'vitest'
import { priorityBars } from './priorities'

it('Redis delivers the lowest step first, RabbitMQ the highest number', () => {
  const steps = { 0: 1, 3: 0, 9: 4 }

  expect(priorityBars(steps, 'redis').map(({ step, part }) => [step, part])).toEqual([[0, 0.25], [3, 0], [9, 1]])
  expect(priorityBars(steps, 'amqp').map(({ step }) => step)).toEqual([9, 3, 0])
})

it('a queue without priorities has no bars', () => {
  expect(priorityBars({ 0: 7, 3: 0, 6: 0, 9: 0 }, 'redis')).toEqual([])
  expect(priorityBars({}, 'amqp')).toEqual([])
})
