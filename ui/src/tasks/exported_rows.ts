/** How many tasks a file has so far that is read piece by piece. */

export type ExportFormat = 'csv' | 'json'

const [QUOTE, NEWLINE, CLOSING] = [0x22, 0x0a, 0x5d]

/**
 * Counts ends of lines: in CSV those outside of quotes, of which the first ends the head; in JSON
 * the one before each task and two at the end.
 */
export class RowCounter {
  private lines = 0
  private quoted = false
  private closed = false
  private before = 0

  constructor(private readonly format: ExportFormat) {}

  /** The tasks that are whole once these bytes are read. */
  add(bytes: Uint8Array): number {
    for (const byte of bytes) {
      if (byte === QUOTE && this.format === 'csv') this.quoted = !this.quoted
      else if (byte === NEWLINE && !this.quoted) {
        this.lines++
        // The `]` of an array ends a line, and no task does.
        this.closed = this.format === 'json' && this.before === CLOSING
      }
      this.before = byte
    }
    return Math.max(0, this.lines - (this.closed ? 2 : 1))
  }
}
