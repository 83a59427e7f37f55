/**
 * JSON, read with the place of every value and of every mistake.
 *
 * The browser's own reader rounds whole numbers beyond 2^53 and says differently in each
 * browser where a mistake is. This one keeps numbers as they are written, and says it in
 * words, also of what people write who think in Python.
 */

interface Span {
  start: number
  end: number
}

export type Json = Span &
  (
    | { kind: 'object'; members: Member[] }
    | { kind: 'array'; items: Json[] }
    | { kind: 'text'; text: string }
    | { kind: 'number'; text: string }
    | { kind: 'word'; text: 'null' | 'true' | 'false' }
  )

export interface Member {
  key: string
  value: Json
}

/** Offsets are in UTF-16 units, as a text field counts. */
export class JsonMistake extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message)
    this.name = 'JsonMistake'
  }
}

const DEEPEST = 200
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[\p{L}_$][\p{L}\p{N}_$.]*/uy
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const PYTHON: Record<string, string> = { None: 'null', True: 'true', False: 'false', undefined: 'null' }

/** The value of a whole text. Raises `JsonMistake`. */
export function parseJson(source: string): Json {
  const reader = new Reader(source)
  const value = reader.value(0)
  reader.space()
  if (reader.at < source.length) {
    throw new JsonMistake('Nothing may follow the value.', reader.at, source.length)
  }
  return value
}

class Reader {
  at = 0

  constructor(private readonly source: string) {}

  space(): void {
    while (' \t\n\r'.includes(this.source[this.at] ?? 'x')) this.at++
  }

  value(depth: number): Json {
    this.space()
    const start = this.at
    if (depth > DEEPEST) this.fail('This is nested too deep.', start)
    switch (this.source[start]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"':
        return { kind: 'text', text: this.text(), start, end: this.at }
    }
    const number = this.match(NUMBER)
    if (number !== null) {
      if (/[\w.]/.test(this.source[this.at] ?? '')) this.fail('This is not a number.', start, this.at + 1)
      return { kind: 'number', text: number, start, end: this.at }
    }
    return this.word(start)
  }

  private word(start: number): Json {
    const word = this.match(WORD)
    if (word === 'null' || word === 'true' || word === 'false') {
      return { kind: 'word', text: word, start, end: this.at }
    }
    const right = word === null ? undefined : PYTHON[word]
    if (right !== undefined) this.fail(`JSON writes ${right} for ${word}.`, start)
    if (word !== null) this.fail('A text needs double quotes around it.', start)
    const char = this.source[start]
    if (char === undefined) this.fail('A value is missing at the end.', start)
    if (char === "'") this.fail('JSON writes texts in double quotes.', start, start + 1)
    if (char === '(') this.fail('JSON has no tuples: write a list, [ … ].', start, start + 1)
    return this.fail('A value is missing here.', start, start + 1)
  }

  private object(depth: number): Json {
    const start = this.at++
    const members: Member[] = []
    for (this.space(); !this.skip('}'); this.space()) {
      if (members.length > 0) this.comma(start, '}')
      const from = this.at
      if (this.source[from] !== '"') this.fail('A key in double quotes is missing here.', from, from + 1)
      const key = this.text()
      this.space()
      if (!this.skip(':')) this.fail('A colon is missing behind the key.', from)
      members.push({ key, value: this.value(depth + 1) })
    }
    return { kind: 'object', members, start, end: this.at }
  }

  private array(depth: number): Json {
    const start = this.at++
    const items: Json[] = []
    for (this.space(); !this.skip(']'); this.space()) {
      if (items.length > 0) this.comma(start, ']')
      items.push(this.value(depth + 1))
    }
    return { kind: 'array', items, start, end: this.at }
  }

  /** The comma before another member of what was opened at `start`. */
  private comma(start: number, close: string): void {
    const at = this.at
    if (at >= this.source.length) this.fail(`This is never closed: ${close} is missing.`, start, start + 1)
    if (!this.skip(',')) this.fail('A comma is missing here.', at, at + 1)
    this.space()
    if (this.source[this.at] === close) this.fail('No comma may stand before the end.', at, at + 1)
  }

  private text(): string {
    const start = this.at
    const written = this.match(TEXT)
    if (written !== null) return JSON.parse(written) as string
    const line = this.source.slice(start).search(/\n|$/)
    return this.fail(
      this.source.slice(start + 1, start + line).includes('\\')
        ? 'This text is not closed, or has a backslash that JSON does not know.'
        : 'This text is not closed on its line.',
      start,
      start + line,
    )
  }

  private skip(char: string): boolean {
    if (this.source[this.at] !== char) return false
    this.at++
    return true
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.source)?.[0] ?? null
    if (found !== null) this.at = pattern.lastIndex
    return found
  }

  private fail(message: string, start: number, end = this.at): never {
    throw new JsonMistake(message, start, Math.max(end, start + 1))
  }
}
