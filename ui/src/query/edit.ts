/** Changes of a search text that clicks make: the text stays the one truth. */

import type { Chip, State } from '../api/types'

/** `text` with the span replaced, and where the caret belongs then. */
export function splice(
  text: string,
  span: { start: number; end: number },
  insert: string,
): { text: string; caret: number } {
  return {
    text: text.slice(0, span.start) + insert + text.slice(span.end),
    caret: span.start + insert.length,
  }
}

/**
 * What an offered text takes the place of. It was offered for what was typed until `answered`; who
 * typed on within the word means all of it: `zq`, offered `zq.charge`, and now `zq.`. Null where
 * what is typed now does not begin the offered text.
 */
export function offeredSpan(
  item: { start: number; end: number; insert: string },
  answered: { text: string; caret: number },
  text: string,
  caret: number,
): { start: number; end: number } | null {
  if (answered.text === text) return item
  const typed = text.slice(item.start, caret)
  const goesOn = text.slice(0, answered.caret) === answered.text.slice(0, answered.caret)
  if (!goesOn || !item.insert.toLowerCase().startsWith(typed.toLowerCase())) return null
  return { start: item.start, end: item.end + caret - answered.caret }
}

/** `text` without the chip, and without the gap that it leaves. */
export function removeChip(text: string, chip: Chip): string {
  const before = text.slice(0, chip.start).trimEnd()
  const after = text.slice(chip.end).trimStart()
  return [before, after].filter((part) => part !== '').join(' ')
}

/** `field:value`, quoted when the value could be read as something else. */
export function term(field: string, value: string): string {
  const isBare = /^[\p{L}\p{N}_.@/+-]+$/u.test(value) && !value.startsWith('-')
  return `${field}:${isBare ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`
}

/** The chip that says in which states tasks are, if one does. */
export function stateChip(chips: readonly Chip[]): Chip | null {
  return chips.find((chip) => chip.field === 'state' && !chip.negated) ?? null
}

/** The states that the chip names. */
export function chosenStates(chips: readonly Chip[]): string[] {
  const chip = stateChip(chips)
  if (chip === null) return []
  return chip.text
    .slice(chip.text.indexOf(':') + 1)
    .split(',')
    .map((state) => state.trim().toUpperCase())
}

/** `text` to which a term can be added: in brackets where it is one of several things (`a OR b`). */
export function addable(text: string, chips: readonly Chip[]): string {
  const [only] = chips
  const isEither = chips.length === 1 && only?.field === null && /\sOR\s/.test(only.text) && !isBracketed(text.trim())
  return isEither ? `(${text.trim()})` : text.trim()
}

/** Whether the first bracket of a text closes at its end. */
function isBracketed(text: string): boolean {
  let depth = 0
  for (const [at, letter] of [...text].entries()) {
    if (letter === '(') depth += 1
    else if (letter === ')') depth -= 1
    if (depth === 0) return at > 0 && at === [...text].length - 1
  }
  return false
}

/** `text` with `state` added to those asked for, or taken away when it was. */
export function toggleState(text: string, chips: readonly Chip[], state: State): string {
  const chip = stateChip(chips)
  if (chip === null) return `state:${state} ${addable(text, chips)}`.trim()
  const chosen = chosenStates(chips)
  const rest = chosen.includes(state) ? chosen.filter((one) => one !== state) : [...chosen, state]
  return rest.length === 0 ? removeChip(text, chip) : splice(text, chip, `state:${rest.join(',')}`).text
}

/** `text` whatever the state: what the counts by state count. */
export function withoutState(text: string, chips: readonly Chip[]): string {
  const chip = stateChip(chips)
  return chip === null ? text : removeChip(text, chip)
}
