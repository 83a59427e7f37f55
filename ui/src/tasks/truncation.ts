/** Texts that are cut in a list whose page would be too large: which, and where they are whole. */

import { TEXTS } from '../api/types'
import type { CutText } from '../api/types'

const WORDS: Record<CutText, string> = {
  args: 'arguments',
  kwargs: 'keyword arguments',
  result: 'result',
  exception: 'exception',
}

/** The sentences that say so, or null where nothing was cut. */
export function truncationSentence(cut: readonly CutText[] | undefined): string | null {
  const words = TEXTS.filter((text) => cut?.includes(text)).map((text) => WORDS[text])
  if (words.length === 0) return null
  return `Cut here, since the list would be too large: ${words.join(', ')}. The task's own page shows all.`
}
