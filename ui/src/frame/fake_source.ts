/** An `EventSource` for tests, which says what a test lets it say. */

export class FakeSource extends EventTarget {
  static all: FakeSource[] = []
  onerror: (() => void) | null = null
  closed = false

  constructor(readonly href: string) {
    super()
    FakeSource.all.push(this)
  }

  /** Those that are not closed. */
  static get open(): FakeSource[] {
    return FakeSource.all.filter((source) => !source.closed)
  }

  /** An event of every open stream; `undefined` is an event whose data is no JSON. */
  static say(kind: string, data: unknown, id?: number): void {
    const event = new MessageEvent(kind, {
      data: data === undefined ? '{' : JSON.stringify(data),
      lastEventId: id === undefined ? '' : `${id}`,
    })
    for (const source of FakeSource.open) source.dispatchEvent(event)
  }

  static breakAll(): void {
    for (const source of FakeSource.open) source.onerror?.()
  }

  close(): void {
    this.closed = true
  }
}
