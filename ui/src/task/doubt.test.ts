import { describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import type { Doubt } from '../api/types'
import { doubtSentence, doubtWord, knownUntil } from './doubt'

const doubt = (why: Doubt['why'], since: number | null = 100): Doubt => ({ why, since, worker: 'w@h' })
const running = exampleTask({ state: 'STARTED', worker: 'w@h', started: 40, timestamp: 40 })

describe('a task whose state is doubted', () => {
  it.each([
    [doubt('worker-silent'), 'Was running on w@h, which was last heard 5 min ago; whether it ended is not known.'],
    [doubt('worker-offline'), 'Was running on w@h, which ended 5 min ago; whether it ended is not known.'],
    [doubt('worker-restarted'), 'Was running on w@h, which was started anew 5 min ago; whether it ended is not known.'],
    [doubt('worker-restarted', null), 'Was running on w@h, which was started anew; whether it ended is not known.'],
    [doubt('blind'), 'Was running on w@h when Umbel last heard anything 5 min ago; whether it ended is not known.'],
    [doubt('gap'), 'Was running on w@h; events have been missed since, 5 min ago; whether it ended is not known.'],
    [
      doubt('not-held'),
      'Was running on w@h, which says that it does not hold it any more; whether it ended is not known.',
    ],
    [doubt('expired'), 'It expired 5 min ago, and no worker told of running it.'],
  ])('says so: $why', (found, sentence) => {
    expect(doubtSentence(running, found, 400)).toBe(sentence)
  })

  it('was never heard in the future: the clock of its worker is off', () => {
    expect(doubtSentence(running, doubt('worker-silent', 3_460), 400)).toBe(
      'Was running on w@h, which was last heard (by a clock that is 51 min ahead); whether it ended is not known.',
    )
    expect(doubtSentence(running, doubt('worker-offline', 430), 400)).toContain('which ended just now;')
  })

  it('has a word for lists', () => {
    expect(doubtWord(doubt('gap'))).toBe('not known')
    expect(doubtWord(doubt('expired'))).toBe('expired')
  })

  it('is drawn as far as it is known', () => {
    expect(knownUntil(running, 400)).toBe(400)
    expect(knownUntil({ ...running, doubt: doubt('worker-silent') }, 400)).toBe(100)
    expect(knownUntil({ ...running, doubt: doubt('not-held', null) }, 400)).toBe(40)
  })
})
