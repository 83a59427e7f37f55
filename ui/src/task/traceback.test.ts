import { describe, expect, it } from 'vitest'
import { commonFolder, libraries, parseTraceback, isSameMessage, shortFile, sourceOf } from './traceback'

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
  [Previous line repeated 3 more times]
shop.GatewayTimeout: no answer
while charging order 7
`

describe('a traceback', () => {
  const sections = parseTraceback(CHAIN) ?? []

  it('is a chain of exceptions, first cause first', () => {
    expect(sections.map((one) => one.error)).toEqual([
      'TimeoutError: The read operation timed out',
      'shop.GatewayTimeout: no answer\nwhile charging order 7',
    ])
    expect(sections[0]?.link).toContain('direct cause')
    expect(sections[1]?.link).toBeNull()
  })

  it('keeps frames of libraries apart from the application’s', () => {
    expect(sections[1]?.groups.map((group) => [group.library, group.frames.length])).toEqual([
      [true, 2],
      [false, 2],
    ])
    expect(libraries(sections[1]!.groups[0]!)).toBe('celery, Python')
  })

  it('leaves the frame that raised open, even in a library', () => {
    expect(sections[0]?.groups).toMatchObject([{ library: false, frames: [{ line: 534 }] }])
  })

  it('keeps lines of source as they are', () => {
    const [charge, repeated] = sections[1]?.groups[1]?.frames ?? []

    expect(charge).toMatchObject({ file: '/srv/shop/tasks.py', line: 88, name: 'charge', code: 'if x:\n    y()' })
    expect(repeated?.code).toBe('[Previous line repeated 3 more times]')
    expect(sections[0]?.groups[0]?.frames[0]?.code).toContain('\n           ^^^')
  })

  it.each([
    ['', 'nothing'],
    ['Killed by signal 9', 'a sentence'],
    ['  + Exception Group Traceback (most recent call last):\n  |   File "x", line 1', 'a group'],
    ['Traceback (most recent call last):\n  ... cut\nValueError', 'frames of no shape'],
  ])('that is none is left as text: %s (%s)', (text) => {
    expect(parseTraceback(text)).toBeNull()
  })

  it('of a thousand frames shows its ends, and folds what lies between', () => {
    const frames = Array.from({ length: 1000 }, (_, line) => `  File "/srv/deep.py", line ${line}, in descend\n    descend()`)
    const groups = parseTraceback(`Traceback (most recent call last):\n${frames.join('\n')}\nRecursionError: too deep`)?.[0]?.groups

    expect(groups?.map((group) => [group.between, group.frames.length])).toEqual([[false, 8], [true, 968], [false, 24]])
    expect(groups?.at(-1)?.frames.at(-1)?.line).toBe(999)
  })

  it('without frames still has its error', () => {
    expect(parseTraceback('Traceback (most recent call last):\nWorkerLostError: signal 9')).toEqual([
      { groups: [], error: 'WorkerLostError: signal 9', link: null },
    ])
  })
})

describe('a frame', () => {
  it('has its source in one line, with what carets point at', () => {
    expect(sourceOf('  answer = ask(order)\n           ^^^^^^^^^^')).toEqual({
      before: 'answer = ',
      marked: 'ask(order)',
      after: '',
      more: '',
    })
    expect(sourceOf('ask(a) + 1\n~~~~~~~^~~')).toMatchObject({ before: '', marked: 'ask(a) + 1' })
    expect(sourceOf('if x:\n    y()')).toEqual({ before: 'if x:', marked: '', after: '', more: '    y()' })
    expect(sourceOf('')).toEqual({ before: '', marked: '', after: '', more: '' })
  })

  it('has its file below the folder of the application, or inside its library', () => {
    const sections = parseTraceback(CHAIN.replaceAll('tasks.py", line 12', 'deep/bank.py", line 12')) ?? []
    const folder = commonFolder(sections.slice(1))

    expect(folder).toBe('/srv/')
    expect(shortFile('/srv/shop/tasks.py', folder)).toBe('shop/tasks.py')
    expect(shortFile('/srv/.venv/lib/python3.12/site-packages/celery/app/trace.py', '')).toBe('celery/app/trace.py')
    expect(shortFile('/usr/lib/python3.12/contextlib.py', folder)).toBe('contextlib.py')
    expect(commonFolder([])).toBe('')
  })
})

describe('the error at the end of a traceback', () => {
  it.each([
    ['shop.bank.CardDeclined: no funds for 5', "CardDeclined('no funds for 5')", true],
    ["KeyError: 'a'", 'KeyError(\'a\')', true],
    ["shop.Odd: it's", 'Odd("it\'s")', true],
    ['SoftTimeLimitExceeded', 'SoftTimeLimitExceeded()', true],
    ['ValueError: bad\nwith a note', "ValueError('bad')", false],
    ['TimeoutError: read', "GatewayTimeout('read')", false],
  ])('%s beside %s', (error, exception, same) => {
    expect(isSameMessage(error, exception)).toBe(same)
  })
})
