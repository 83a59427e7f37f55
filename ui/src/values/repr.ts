/**
 * Python reprs, read as the values that they are.
 *
 * Celery tells arguments and results as reprs of its own making (celery/utils/saferepr.py):
 * texts escape nothing but their quote, `...` stands for what was cut, and a long one may
 * stop anywhere. Objects bring any repr that they like. So this reader is tolerant: what it
 * does not know becomes a raw piece of text, and what makes no sense at all gives null, for
 * which the text itself is shown. Nothing is evaluated.
 */

export type Value =
  | { kind: 'text'; prefix: string; text: string; cut: boolean }
  | { kind: 'number'; text: string }
  | { kind: 'word'; text: string }
  | { kind: 'raw'; text: string }
  | { kind: 'cut' }
  | { kind: 'hidden' }
  | { kind: 'group'; open: string; close: string; items: Item[] }

/** A member of a group: `key: value` of a dictionary, `label=value` of a call, or neither. */
export interface Item {
  key: Value | null
  label: string | null
  value: Value
}

/** What stands where `[redact]` hides a value. */
export const HIDDEN = '<hidden>'

const DEEPEST = 60
const CLOSERS: Record<string, string> = { '(': ')', '[': ']', '{': '}' }
const NUMBER = /[+-]?(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+|inf\b|nan\b)(?:[+-]\d[\d.]*)?j?(?![\w.])/y
const NAME = /[\p{L}_][\p{L}\p{N}_.]*/uy
const TEXT = /([bBuUrRfF]{0,2})('|")/y
const RAW = /[^,()[\]{}]+/y
/** Below this length Celery cuts nothing, and "..." at the end of a text is the text's own. */
const CUT_FROM = 128

/** The value that a repr shows, or null when it cannot be read as one. */
export function parseRepr(source: string): Value | null {
  const reader = new Reader(source.trim())
  try {
    return reader.whole()
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}

/** Whether it is a group without items: `()`, `{}`, but no empty list that is a value. */
export function isEmptyGroup(value: Value): boolean {
  return value.kind === 'group' && value.items.length === 0 && /^[({]$/.test(value.open)
}

/** Whether it stands for all that came after, and was cut away: it has no place of its own. */
export function isRest({ key, label, value }: Item): boolean {
  return value.kind === 'cut' && key === null && label === null
}

/** How many members of a group are there: "3", or "3+" where more were cut away. */
export function membersWord(items: readonly Item[]): string {
  const there = items.filter((item) => !isRest(item)).length
  return there < items.length ? `${there}+` : `${there}`
}

/** Whether a part of the value was cut away. */
export function isCut(value: Value): boolean {
  if (value.kind === 'cut') return true
  if (value.kind === 'text') return value.cut
  return value.kind === 'group' && value.items.some(({ key, value }) => (key && isCut(key)) || isCut(value))
}

class Unreadable extends Error {}

class Reader {
  private at = 0

  constructor(private readonly source: string) {}

  whole(): Value {
    const value = this.value(0)
    this.space()
    if (this.at < this.source.length) throw new Unreadable()
    return value
  }

  private value(depth: number): Value {
    this.space()
    if (depth > DEEPEST) throw new Unreadable()
    if (this.skip('...')) return { kind: 'cut' }
    const char = this.source[this.at]
    if (char === undefined) throw new Unreadable()
    if (char in CLOSERS) return this.group('', depth)
    if (this.skip(HIDDEN)) return { kind: 'hidden' }
    if (char === '<') return this.angled()
    const text = this.match(TEXT)
    if (text) return this.text(text[1] ?? '', text[2] ?? "'")
    const number = this.match(NUMBER)
    if (number) return { kind: 'number', text: number[0] }
    const name = this.match(NAME)
    if (name) return this.named(name[0], depth)
    return this.raw()
  }

  private named(name: string, depth: number): Value {
    if (this.source[this.at] === '(') return this.group(name, depth)
    if (/^(None|True|False)$/.test(name)) return { kind: 'word', text: name }
    this.at -= name.length
    return this.raw()
  }

  private group(name: string, depth: number): Value {
    const open = this.source[this.at] ?? ''
    const close = CLOSERS[open] ?? ''
    this.at++
    const items: Item[] = []
    let comma = false
    for (;;) {
      this.space()
      while (this.skip(',')) {
        comma = true
        this.space()
      }
      if (this.skip(close)) break
      if (this.at >= this.source.length) {
        if (items.at(-1)?.value.kind !== 'cut') items.push(member({ kind: 'cut' }))
        break
      }
      items.push(this.item(depth + 1))
    }
    const single = name === '' && open === '(' && items.length === 1 && comma
    return { kind: 'group', open: name + open, close: single ? ',)' : close, items }
  }

  private item(depth: number): Item {
    const label = this.match(/([\p{L}_][\p{L}\p{N}_]*)=(?!=)/uy)
    if (label) return { key: null, label: label[1] ?? null, value: this.orCut(depth) }
    const value = this.value(depth)
    this.space()
    if (this.skip(':')) return { key: value, label: null, value: this.orCut(depth) }
    const next = this.source[this.at]
    if (next !== undefined && !',)]}'.includes(next)) throw new Unreadable()
    return member(value)
  }

  /** A value, or a cut where the text stops. Celery may stop behind a key: `{'a', ...}`. */
  private orCut(depth: number): Value {
    this.space()
    return this.at >= this.source.length ? { kind: 'cut' } : this.value(depth)
  }

  private text(prefix: string, quote: string): Value {
    let text = ''
    for (; this.at < this.source.length; this.at++) {
      const char = this.source[this.at]
      if (char === quote) {
        this.at++
        const cut = text.endsWith('...') && this.source.length >= CUT_FROM
        return { kind: 'text', prefix, text: cut ? text.slice(0, -3) : text, cut }
      }
      if (char === '\\' && this.source[this.at + 1] === quote) this.at++
      text += this.source[this.at] ?? ''
    }
    return { kind: 'text', prefix, text: text.replace(/\.\.\.$/, ''), cut: true }
  }

  /** `<Order: 4711>`, with angles inside. */
  private angled(): Value {
    const start = this.at
    let open = 0
    for (; this.at < this.source.length; this.at++) {
      const char = this.source[this.at]
      if (char === '<') open++
      if (char === '>' && --open === 0) {
        this.at++
        break
      }
    }
    return { kind: 'raw', text: this.source.slice(start, this.at) }
  }

  private raw(): Value {
    const raw = this.match(RAW)
    if (!raw) throw new Unreadable()
    return { kind: 'raw', text: raw[0].trimEnd() }
  }

  private space(): void {
    while (/\s/.test(this.source[this.at] ?? '')) this.at++
  }

  private skip(text: string): boolean {
    if (text === '' || !this.source.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match) this.at = pattern.lastIndex
    return match
  }
}

function member(value: Value): Item {
  return { key: null, label: null, value }
}
