import { describe, expect, it } from 'vitest'
import { exampleTask } from '../api/examples'
import type { TaskRow } from '../api/types'
import { layout, countByState, updated, type Line } from './workflow'

const task = (uuid: string, parent_id: string | null, more: Partial<TaskRow> = {}): TaskRow =>
  exampleTask({ uuid, parent_id, root_id: 'root', state: 'SUCCESS', ...more })

/** A line as a person would draw it. */
function drawn(lines: readonly Line[]): string[] {
  return lines.map(
    (line) => '  '.repeat(line.depth) + (line.kind === 'task' ? line.task.uuid : `${line.tasks.length} × ${line.name}`),
  )
}

describe('a workflow', () => {
  it('has each task below the one that called it, oldest first', () => {
    const lines = layout(
      [
        task('late', 'root', { seen: 9 }),
        task('leaf', 'child', { seen: 5 }),
        task('child', 'root', { seen: 2 }),
        task('root', null, { seen: 1 }),
      ],
      'leaf',
    )

    expect(drawn(lines)).toEqual(['root', '  child', '    leaf', '  late'])
  })

  it('shows a task whose parent was not seen at the top, and says so', () => {
    const lines = layout([task('root', null), task('lost', 'never-seen', { seen: 3 })], 'root')

    expect(lines).toMatchObject([{ orphan: false }, { depth: 0, orphan: true }])
  })

  it('has every task once, even in a ring', () => {
    const lines = layout([task('a', 'b'), task('b', 'c'), task('c', 'a'), task('self', 'self')], 'a')

    expect(lines.map((line) => line.key).sort()).toEqual(['a', 'b', 'c', 'self'])
  })

  it('folds many alike, but never what went wrong, has children, or is looked at', () => {
    const mails = Array.from({ length: 9 }, (_, n) => task(`m${n}`, 'root', { name: 'mail', seen: n + 1 }))
    const tasks = [
      task('root', null, { name: 'start' }),
      ...mails,
      task('bad', 'root', { name: 'mail', state: 'FAILURE', seen: 20 }),
      task('after', 'm8', { name: 'log', seen: 30 }),
    ]

    expect(drawn(layout(tasks, 'm3'))).toEqual([
      'root',
      '  7 × mail',
      '  m3',
      '  m8',
      '    after',
      '  bad',
    ])
  })

  it('opens a fold when asked', () => {
    const tasks = Array.from({ length: 5 }, (_, n) => task(`m${n}`, null, { name: 'mail', seen: n }))
    const [fold] = layout(tasks, '')

    expect(drawn(layout(tasks, '', new Set([fold!.key])))).toEqual([
      '5 × mail',
      '  m0',
      '  m1',
      '  m2',
      '  m3',
      '  m4',
    ])
  })

  it('counts its states, most first', () => {
    expect(countByState([task('a', null), task('b', null, { state: 'FAILURE' }), task('c', null)])).toEqual([
      { state: 'SUCCESS', count: 2 },
      { state: 'FAILURE', count: 1 },
    ])
  })

  it('takes changes of its own tasks alone', () => {
    const after = updated(
      [task('a', null)],
      [
        task('a', null, { state: 'FAILURE' }),
        task('b', 'a'),
        task('other', null, { root_id: 'elsewhere' }),
      ],
      'root',
    )

    expect(after.map((one) => [one.uuid, one.state])).toEqual([
      ['a', 'FAILURE'],
      ['b', 'SUCCESS'],
    ])
  })
})
