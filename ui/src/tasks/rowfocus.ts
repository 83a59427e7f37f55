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

/** Whether a click on a row means the row, and not something in it or a selection of text. */
export function meansRow(event: MouseEvent): HTMLElement | null {
  const target = event.target instanceof Element ? event.target : null
  if (event.defaultPrevented || event.button !== 0 || target?.closest('a, button, input, label')) return null
  if ((getSelection()?.toString() ?? '') !== '') return null
  return target?.closest<HTMLElement>('[data-row]') ?? null
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
