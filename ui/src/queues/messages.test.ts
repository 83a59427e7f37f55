import { expect, it } from 'vitest'
import type { QueuedMessage } from '../api/control_types'
import { shownWords, waitingRows } from './messages'

const message = (task_id: string | null): QueuedMessage => ({ task_id }) as unknown as QueuedMessage

it('a task that lies there twice, and what is no task, are rows of their own', () => {
  const ids = waitingRows([message('a'), message(null), message('a'), message(null)]).map(({ id }) => id)

  expect(ids).toEqual(['a/1', '#2', 'a/2', '#4'])
})

it('the words say how many of how many are shown', () => {
  expect(shownWords(20, 1307)).toBe('the next 20 of 1,307')
  expect(shownWords(6, 6)).toBe('all 6')
  expect(shownWords(1, 1)).toBe('')
  expect(shownWords(20, null)).toBe('the next 20')
})
