import { describe, expect, it } from 'vitest'
import { act, SHORTCUTS, type Pressed } from './keys'

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrl: false,
  typing: false,
  onControl: false,
  at: 0,
  ...more,
})

describe('keys', () => {
  it.each([
    ['/', 'search'],
    ['j', 'down'],
    ['x', 'select'],
    ['.', 'pause'],
    ['?', 'help'],
    ['*', 'select-all'],
    ['r', 'retry'],
    ['u', 'back'],
    ['Space', 'preview'],
    ['q', null],
  ])('%s does %s', (key, action) => {
    expect(act(press(key), null).action).toBe(action)
  })

  it('pressed one after the other are one shortcut', () => {
    const first = act(press('g', { at: 5 }), null)

    expect(first.action).toBeNull()
    expect(act(press('t', { at: 5.5 }), first.pending).action).toBe('go-tasks')
    expect(act(press('r', { at: 5.5 }), first.pending).action).toBe('go-run')
    expect(act(press('t', { at: 7 }), first.pending).action).toBeNull()
  })

  it('stay with the text while someone types', () => {
    expect(act(press('j', { typing: true }), null).action).toBeNull()
    expect(act(press('K', { typing: true, ctrl: true }), null).action).toBe('palette')
  })

  it('leave the browser its own', () => {
    expect(act(press('.', { ctrl: true }), null).action).toBeNull()
    expect(act(press('Enter', { onControl: true }), null).action).toBeNull()
    expect(act(press('Space', { onControl: true, onButton: true }), null).action).toBeNull()
  })

  it('are all told in the help, each once', () => {
    expect(new Set(SHORTCUTS.map((one) => one.keys)).size).toBe(SHORTCUTS.length)
  })
})
