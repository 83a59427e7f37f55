/**
 * The word at the caret, and how suggestions complete it: when it is unfinished, so that a search
 * for it would be one for half a word, and which suggestion Tab and Enter take without arrows.
 */

import type { Suggestion } from '../api/types'

type Offer = Pick<Suggestion, 'insert' | 'start' | 'end'>

/** Fields with a fixed set of values: half a value of theirs is a mistake, never a search. */
const FIXED = /(?:^|[\s(-])(?:state|status|is|has):[^\s:]*$/i

function typedOf(text: string, offer: Offer): string {
  return text.slice(offer.start, offer.end).toLowerCase()
}

/** Whether the word at the caret is the beginning of a suggestion, or a field without a value. */
export function isUnfinished(text: string, offers: readonly Offer[]): boolean {
  const [first] = offers
  if (first === undefined) return false
  const typed = typedOf(text, first)
  if (typed === '') return text[first.start - 1] === ':'
  const inserts = offers.map((offer) => offer.insert.toLowerCase())
  return !inserts.includes(typed) && inserts.some((insert) => insert.startsWith(typed))
}

/** The suggestion that Tab takes; null where nothing is typed, so that Tab moves on as everywhere. */
export function tabTakes<T extends Offer>(text: string, offers: readonly T[]): T | null {
  const [first] = offers
  if (first === undefined || (typedOf(text, first) === '' && !isUnfinished(text, offers))) return null
  return first
}

/** The suggestion that Enter takes: where what is typed could be no search as it stands. */
export function enterTakes<T extends Offer>(text: string, offers: readonly T[]): T | null {
  const [first] = offers
  if (first === undefined || !isUnfinished(text, offers)) return null
  const typed = typedOf(text, first)
  const fits = offers.find((offer) => offer.insert.toLowerCase().startsWith(typed)) ?? null
  return typed !== '' && FIXED.test(text.slice(0, first.end)) ? fits : null
}
