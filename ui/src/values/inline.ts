/** Values in one line of text, for cells and for the closed heads of folds. */

import { parseRepr, type Item, type Value } from './repr'

export function inline(value: Value): string {
  switch (value.kind) {
    case 'text':
      return `${value.prefix}'${value.text}${value.cut ? '…' : ''}'`
    case 'cut':
      return '…'
    case 'group':
      return value.open + value.items.map(inlineItem).join(', ') + value.close
    default:
      return value.text
  }
}

function inlineItem(item: Item): string {
  const value = inline(item.value)
  if (item.label !== null) return `${item.label}=${value}`
  return item.key === null ? value : `${inline(item.key)}: ${value}`
}

/** Positional arguments as a call shows them: `(4711, 'x')` reads `4711, 'x'`. */
export function inlineArgs(repr: string): string {
  const value = parseRepr(repr)
  if (value?.kind !== 'group' || !['(', '['].includes(value.open)) return repr
  return value.items.map(inlineItem).join(', ')
}

/** Keyword arguments as a call shows them: `{'to': 'x'}` reads `to='x'`. */
export function inlineKwargs(repr: string): string {
  const value = parseRepr(repr)
  if (value?.kind !== 'group' || value.open !== '{') return repr
  return value.items
    .map((item) =>
      item.key?.kind === 'text' ? `${item.key.text}=${inline(item.value)}` : inlineItem(item),
    )
    .join(', ')
}
