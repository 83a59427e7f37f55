/** Which row has the focus, and moving it. Rows carry `data-row`, their link `data-open`. */

export function focusedRow(within: HTMLElement): HTMLElement | null {
  const row = document.activeElement?.closest<HTMLElement>('[data-row]') ?? null
  return row && within.contains(row) ? row : null
}

/** Focus the next row (or the one before), or `last` again, or the first. */
export function moveFocus(within: HTMLElement, step: 1 | -1, last: string | null): void {
  const rows = [...within.querySelectorAll<HTMLElement>('[data-row]')]
  const current = focusedRow(within)
  const again = findRow(within, last) ?? rows[0]
  const to = current ? rows[rows.indexOf(current) + step] : again
  focusRow(to)
}

export function findRow(within: HTMLElement, uuid: string | null): HTMLElement | undefined {
  return [...within.querySelectorAll<HTMLElement>('[data-row]')].find((row) => row.dataset['row'] === uuid)
}

export function focusRow(row: HTMLElement | undefined | null): void {
  row?.querySelector<HTMLElement>('[data-open]')?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}

/** The row that a click means; null for one on something in it, or one that selects text. */
function meansRow(event: MouseEvent): HTMLElement | null {
  const target = event.target instanceof Element ? event.target : null
  if (event.defaultPrevented || event.shiftKey || target?.closest('a, button, input, label, [data-pick]')) return null
  if ((getSelection()?.toString() ?? '') !== '') return null
  return target?.closest<HTMLElement>('[data-row]') ?? null
}

/** Open a row as a click on its link would: with Ctrl, Cmd or the middle button in a new tab. */
export function openRow(row: HTMLElement | null, event?: MouseEvent): void {
  const link = row?.querySelector<HTMLAnchorElement>('[data-open]')
  if (event && (event.ctrlKey || event.metaKey || event.button === 1)) {
    if (link) window.open(link.href, '_blank', 'noopener')
  } else link?.click()
}

/** The row whose checkbox a click just misses: its cell is as good, and large enough for a finger. */
function picksRow(event: MouseEvent): HTMLElement | null {
  const target = event.target instanceof Element ? event.target : null
  if (event.button !== 0 || target?.closest('input') || !target?.closest('[data-pick]')) return null
  return target.closest<HTMLElement>('[data-row]')
}

/** A click on a row's checkbox; with Shift it means all rows from the one before. */
export function pickRow(
  event: MouseEvent & { currentTarget: HTMLInputElement },
  uuid: string,
  pick: (uuid: string, range: boolean) => void,
): void {
  if (event.shiftKey) {
    event.currentTarget.checked = true
    getSelection()?.removeAllRanges()
  }
  pick(uuid, event.shiftKey)
}

/** What the list of rows hears: clicks that open or select a row, and which row has the focus. */
export function rowEvents(list: {
  focused: string | null
  pick: (uuid: string, range: boolean) => void
}): (node: HTMLElement) => () => void {
  return (node) => {
    const onClick = (event: MouseEvent): void => {
      const picked = picksRow(event)?.dataset['row']
      if (picked !== undefined) list.pick(picked, event.shiftKey)
      else if (event.button < 2) openRow(meansRow(event), event)
    }
    const onFocus = (): void => {
      list.focused = focusedRow(node)?.dataset['row'] ?? list.focused
    }
    node.addEventListener('click', onClick)
    node.addEventListener('auxclick', onClick)
    node.addEventListener('focusin', onFocus)
    return () => {
      node.removeEventListener('click', onClick)
      node.removeEventListener('auxclick', onClick)
      node.removeEventListener('focusin', onFocus)
    }
  }
}
