import { describe, expect, it } from 'vitest'
import { commonFolder, framesIn, shortFile, sourceOf, type Frame } from './frames'

function framesOf(text: string): Frame[] {
  return framesIn(text.split('\n'), 0)?.groups.flatMap(({ frames }) => frames) ?? []
}

describe('a frame', () => {
  it('has its source in one line, with what carets point at', () => {
    expect(sourceOf('  answer = ask(order)\n           ^^^^^^^^^^')).toEqual([{ before: 'answer = ', marked: 'ask(order)', after: '' }])
    expect(sourceOf('ask(a) + 1\n~~~~~~~^~~')).toMatchObject([{ before: '', marked: 'ask(a) + 1' }])
    expect(sourceOf('x = (\n    ^')).toEqual([{ before: 'x = ', marked: '(', after: '' }])
    expect(sourceOf('')).toEqual([])
  })

  it('has the further lines of a statement below, each with its carets', () => {
    expect(sourceOf('if x:\n    y()')).toEqual([
      { before: 'if x:', marked: '', after: '' },
      { before: '    y()', marked: '', after: '' },
    ])
    expect(sourceOf('ask(\n^^^^\n    order,\n    ^^^^^^\n)\n^')).toMatchObject([
      { marked: 'ask(' },
      { before: '    ', marked: 'order,' },
      { marked: ')' },
    ])
  })

  it('has its file below the folder of the application, or inside its library', () => {
    const frames = framesOf('  File "/srv/shop/tasks.py", line 88, in charge\n  File "/srv/shop/deep/bank.py", line 12, in y')
    const folder = commonFolder(frames)

    expect(folder).toBe('/srv/')
    expect(shortFile('/srv/shop/tasks.py', folder)).toBe('shop/tasks.py')
    expect(shortFile('/srv/.venv/lib/python3.12/site-packages/celery/app/trace.py', '')).toBe('celery/app/trace.py')
    expect(shortFile('/usr/lib/python3.12/contextlib.py', folder)).toBe('contextlib.py')
    expect(commonFolder([])).toBe('')
  })

  it('that has no path, such as evaluated text, does not hide the folder of the others', () => {
    const frames = framesOf('  File "/srv/app/shop/tasks.py", line 88, in charge\n  File "<string>", line 1, in <module>')

    expect(commonFolder(frames)).toBe('/srv/app/')
  })
})
