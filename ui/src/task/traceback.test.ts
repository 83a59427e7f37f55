import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { libraries } from './frames'
import { framesOf, isSameMessage, parseTraceback } from './traceback'

const CHAIN = `Traceback (most recent call last):
  File "/srv/.venv/lib/python3.12/site-packages/urllib3/connection.py", line 534, in _make_request
    response = conn.getresponse()
               ^^^^^^^^^^^^^^^^^^
TimeoutError: The read operation timed out

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/.venv/lib/python3.12/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/usr/lib/python3.12/contextlib.py", line 81, in inner
    return func(*args, **kwds)
  File "/srv/shop/tasks.py", line 88, in charge
    if x:
        y()
  File "/srv/shop/tasks.py", line 12, in y
  [Previous line repeated 980 more times]
shop.GatewayTimeout: no answer
while charging order 7
`

const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/tasks.py", line 46, in grouped
  | ExceptionGroup: 2 orders (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/tasks.py", line 4, in number
    | ValueError: not a number
    | 
    | During handling of the above exception, another exception occurred:
    | 
    | Exception Group Traceback (most recent call last):
    |   File "/srv/shop/tasks.py", line 9, in inner
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/srv/shop/tasks.py", line 11, in key
      | KeyError: 'total'
      +------------------------------------
    +---------------- 2 ----------------
    | OSError: no disk
    +------------------------------------
`

const REMOTE = `concurrent.futures.process._RemoteTraceback: 
"""
Traceback (most recent call last):
  File "/srv/shop/tasks.py", line 4, in number
ValueError: p1
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/tasks.py", line 68, in in_process
ValueError: p1
`

describe('a traceback', () => {
  const sections = parseTraceback(CHAIN)?.sections ?? []

  it('is a chain of exceptions: the one that ended the task, then what caused it', () => {
    expect(sections.map((one) => [one.link, one.error])).toEqual([
      [null, 'shop.GatewayTimeout: no answer\nwhile charging order 7'],
      ['cause', 'TimeoutError: The read operation timed out'],
    ])
  })

  it('keeps frames of libraries apart from the application’s', () => {
    expect(sections[0]?.groups.map((group) => [group.library, group.frames.length])).toEqual([
      [true, 2],
      [false, 2],
    ])
    expect(libraries(sections[0]!.groups[0]!)).toBe('celery, Python')
  })

  it('leaves the frame that raised open, even in a library', () => {
    expect(sections[1]?.groups).toMatchObject([{ library: false, frames: [{ line: 534 }] }])
  })

  it('keeps lines of source as they are, and counts what was repeated', () => {
    const [charge, repeated] = sections[0]?.groups[1]?.frames ?? []

    expect(charge).toMatchObject({ file: '/srv/shop/tasks.py', line: 88, name: 'charge', code: 'if x:\n    y()' })
    expect(repeated).toMatchObject({ code: '', repeated: 980 })
    expect(sections[1]?.groups[0]?.frames[0]?.code).toContain('\n           ^^^')
  })

  it('of a group has the chain of each of its parts', () => {
    const [group] = parseTraceback(GROUP)?.sections ?? []

    expect(group).toMatchObject({ error: 'ExceptionGroup: 2 orders (2 sub-exceptions)', link: null })
    expect(group?.parts.map((part) => part.map((one) => one.error))).toEqual([
      ['ExceptionGroup: inner (1 sub-exception)', 'ValueError: not a number'],
      ['OSError: no disk'],
    ])
    expect(group?.parts[0]?.[0]?.parts).toMatchObject([[{ error: "KeyError: 'total'" }]])
    expect(framesOf(group ? [group] : []).map((one) => one.line)).toEqual([46, 9, 11, 4])
  })

  it('of another process is the cause of its own', () => {
    expect(parseTraceback(REMOTE)?.sections.map((one) => [one.link, framesOf([one])[0]?.line])).toEqual([
      [null, 68],
      ['cause', 4],
    ])
  })

  it('that was cut says how long it was, and keeps what came', () => {
    const cut = parseTraceback('Traceback (most recent call last):\n  File "/srv/a.py", line 1, in a\n    b(\n  File "/sr… [cut by Umbel, 1,048,576 characters]')

    expect(cut?.cut).toBe('1,048,576')
    expect(framesOf(cut?.sections ?? [])).toMatchObject([{ file: '/srv/a.py', line: 1 }])
  })

  it.each([
    ['', 'nothing'],
    ['Killed by signal 9', 'a sentence'],
    ['panic: runtime error\ngoroutine 1 [running]:\nmain.main()', 'of another language'],
    ['Traceback (most recent call last):\n  ... cut\nValueError', 'frames of no shape'],
    ['concurrent.futures.process._RemoteTraceback: \n"""\nnever ends', 'quotes that do not end'],
  ])('that is none is left as text: %s (%s)', (text) => {
    expect(parseTraceback(text)).toBeNull()
  })

  it('of a thousand frames shows its ends, and folds what lies between', () => {
    const frames = Array.from({ length: 1000 }, (_, line) => `  File "/srv/deep.py", line ${line}, in descend\n    descend()`)
    const groups = parseTraceback(`Traceback (most recent call last):\n${frames.join('\n')}\nRecursionError: too deep`)?.sections[0]?.groups

    expect(groups?.map((group) => [group.between, group.frames.length])).toEqual([[false, 8], [true, 968], [false, 24]])
    expect(groups?.at(-1)?.frames.at(-1)?.line).toBe(999)
  })

  it('without frames still has its error', () => {
    expect(parseTraceback('Traceback (most recent call last):\nWorkerLostError: signal 9')?.sections).toEqual([
      { groups: [], error: 'WorkerLostError: signal 9', link: null, parts: [] },
    ])
  })

  it.each([
    ['spaces', `Traceback (most recent call last):\n  File "/a.py", line 1, in a\n${' '.repeat(1_000_000)}x\nError: ${' '.repeat(1_000_000)}x`],
    ['carets', `Traceback (most recent call last):\n  File "/a.py", line 1, in a\n    x\n    ${'^'.repeat(1_000_000)}x\nError`],
    ['lines of a frame', `Traceback (most recent call last):\n  File "/a.py", line 1, in a\n${'    x\n'.repeat(200_000)}Error`],
    ['margins', '  | '.repeat(300_000)],
    ['groups in groups', Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth)}  +-+---------------- 1 ----------------`).join('\n')],
  ])('of a million characters is read at once: %s', (_, text) => {
    const before = performance.now()
    parseTraceback(text)

    expect(performance.now() - before).toBeLessThan(2_000)
  })
})

/** A message may hold a traceback as well. */
const FRAME_LINE = /^[ |]*File "/gm

describe('every traceback that Celery wrote for the tests of errors', () => {
  const corpus = readFileSync(new URL('../../../tests/fixtures/tracebacks/corpus.jsonl', import.meta.url), 'utf-8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { group: string; exception: string; traceback: string | null })
  const written = corpus.filter((one): one is typeof one & { traceback: string } => one.traceback !== null && one.traceback !== '')

  it('is there', () => {
    expect(written.length).toBeGreaterThan(300)
  })

  it.each(written.map((one, number) => [number, one.group, one] as const))('%i is read whole: %s', (_, __, { traceback, exception }) => {
    const read = parseTraceback(traceback)
    const [first] = read?.sections ?? []

    // What stands first is the error that the task ended with, and no frame is lost.
    expect(first?.error).toMatch(/^[\w.]+(?:: |:$|$)/)
    const inMessages = (read?.sections ?? []).flatMap(({ error }) => error.match(FRAME_LINE) ?? [])
    expect(framesOf(read?.sections ?? [])).toHaveLength((traceback.match(FRAME_LINE) ?? []).length - inMessages.length)
    expect(first?.link).toBeNull()
    expect(exception).not.toBe('')
  })
})

describe('the error at the end of a traceback', () => {
  it.each([
    ['shop.bank.CardDeclined: no funds for 5', "CardDeclined('no funds for 5')", true],
    ["KeyError: 'a'", 'KeyError(\'a\')', true],
    ["shop.Odd: it's", 'Odd("it\'s")', true],
    ['SoftTimeLimitExceeded', 'SoftTimeLimitExceeded()', true],
    ['billiard.exceptions.TimeLimitExceeded: TimeLimitExceeded(6,)', 'TimeLimitExceeded(6)', true],
    ['ValueError: bad\nwith a note', "ValueError('bad')", false],
    ['TimeoutError: read', "GatewayTimeout('read')", false],
  ])('%s beside %s', (error, exception, same) => {
    expect(isSameMessage(error, exception)).toBe(same)
  })
})
