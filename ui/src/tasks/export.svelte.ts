/**
 * One export: the file is read as it comes, so that the page can say how far it is, why it was
 * refused, that it broke off, and can end it. The browser keeps what was read until it is saved.
 */

import { problemFrom, unreachable, type Problem } from '../api/problem'
import { isAbandoned } from '../api/transport'
import { RowCounter, type ExportFormat } from './exported_rows'

export type ExportPhase = 'none' | 'running' | 'done' | 'failed'

export class TaskExport {
  phase: ExportPhase = $state('none')
  /** Tasks that are read so far. */
  rows = $state(0)
  problem: Problem | null = $state.raw(null)
  private stop: AbortController | null = null

  /** Read the file and hand it to `save`, whole; a part of it is never handed over. */
  async run(href: string, format: ExportFormat, save: (parts: Blob, name: string) => void): Promise<void> {
    this.cancel()
    const stop = (this.stop = new AbortController())
    this.phase = 'running'
    this.rows = 0
    this.problem = null
    try {
      const answer = await fetch(href, { signal: stop.signal })
      if (!answer.ok || answer.body === null) throw problemFrom(answer.status, await answer.json().catch(() => null))
      const counter = new RowCounter(format)
      const parts: Blob[] = []
      const reader = answer.body.getReader()
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        parts.push(new Blob([piece.value]))
        this.rows = counter.add(piece.value)
      }
      save(new Blob(parts, { type: answer.headers.get('content-type') ?? '' }), nameOf(answer, format))
      this.phase = 'done'
    } catch (error) {
      if (isAbandoned(error)) return
      this.phase = 'failed'
      this.problem = error instanceof TypeError ? (this.rows === 0 ? unreachable() : null) : (error as Problem)
    }
  }

  /** End it, and forget what was read. */
  cancel(): void {
    this.stop?.abort()
    this.stop = null
    this.phase = 'none'
  }
}

function nameOf(answer: Response, format: ExportFormat): string {
  const found = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')
  return found?.[1] ?? `tasks.${format}`
}

/** Hand a file to the browser, as a link with `download` does. */
export function saveFile(file: Blob, name: string): void {
  const href = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = href
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
