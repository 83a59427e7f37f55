/** Values in one line of text, for cells and for the closed heads of folds. */

import { HIDDEN, parseRepr, type Item, type Value } from './repr'

export function inline(value: Value): string {
  switch (value.kind) {
    case 'text':
      return value.prefix + quoted(value.cut ? `${value.text}…` : value.text)
    case 'cut':
      return '…'
    case 'hidden':
      return HIDDEN
    case 'group':
      return value.open + value.items.map(inlineItem).join(', ') + value.close
    default:
      return value.text
  }
}

/** A text in quotes that it does not have, as Python writes it; else its single ones are escaped. */
export function quoted(text: string): string {
  if (!text.includes("'")) return `'${text}'`
  return text.includes('"') ? `'${text.replaceAll("'", "\\'")}'` : `"${text}"`
}

function inlineItem(item: Item): string {
  const value = inline(item.value)
  if (item.label !== null) return `${item.label}=${value}`
  return item.key === null ? value : `${inline(item.key)}: ${value}`
}

/** Arguments as a call shows them: `(4711, 'x')` reads `4711, 'x'`, `{'to': 'x'}` reads `to='x'`. */
export function inlineValues(value: Value): string {
  if (value.kind !== 'group' || !['(', '[', '{'].includes(value.open)) return inline(value)
  return value.items
    .map((item) =>
      item.key?.kind === 'text' ? `${item.key.text}=${inline(item.value)}` : inlineItem(item),
    )
    .join(', ')
}

/** The repr of positional arguments as a call shows them. */
export function inlineArgs(repr: string): string {
  const value = parseRepr(repr)
  return value?.kind === 'group' && ['(', '['].includes(value.open) ? inlineValues(value) : repr
}

/** What a task was called with, in one line: `4851, '渡辺', quantity=2`. */
export function inlineCall({ args, kwargs }: { args: string | null; kwargs: string | null }): string {
  return [inlineArgs(args ?? ''), inlineKwargs(kwargs ?? '')].filter((part) => part !== '').join(', ')
}

/** The repr of keyword arguments as a call shows them. */
export function inlineKwargs(repr: string): string {
  const value = parseRepr(repr)
  return value?.kind === 'group' && value.open === '{' ? inlineValues(value) : repr
}
