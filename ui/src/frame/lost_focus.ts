/**
 * The focus when what had it is gone: a button of a row that an action changed, moved or removed.
 * The browser would leave it on <body>, and the next key would begin at the top of the page. It
 * stays on what was only moved; else it goes to what stands nearest: the first link of the same
 * row, or of the row that took its place, or the page's heading. Of the list of tasks, which draws
 * the rows in sight and finds one again by itself, it goes no farther than the same row.
 */

const FOCUSABLE = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary'
const ROW = 'tr, li'
const TASK_ROW = '[data-row]'

interface FocusPosition {
  element: HTMLElement
  /** What it stood in, from inside out. */
  around: readonly HTMLElement[]
  row: HTMLElement | null
  /** Which of its siblings the row was. */
  index: number
}

/** Watches `main` until the function that is given back is called. */
export function keepFocus(main: HTMLElement): () => void {
  let held: FocusPosition | null = null

  const onFocusIn = ({ target }: FocusEvent): void => {
    if (!(target instanceof HTMLElement) || target.closest('dialog') !== null) return
    held = positionOf(target, main)
  }
  // Whoever clicks beside it leaves it.
  const onPointerDown = ({ target }: PointerEvent): void => {
    if (!(target instanceof Node && held?.element.contains(target))) held = null
  }
  const settle = (records: readonly MutationRecord[] = []): void => {
    if (held === null || !isLost()) return
    const { element } = held
    // A row that is moved loses it, too.
    if (element.isConnected && !records.some(({ removedNodes }) => [...removedNodes].some((node) => node.contains(element)))) return
    const to = element.isConnected ? element : nearest(held, main)
    held = null
    to?.focus({ preventScroll: true })
  }
  // Whoever opened the dialog may know better, and hears of its end first.
  const onClose = (): void => void setTimeout(() => settle())
  const observer = new MutationObserver((records) => settle(records))

  main.addEventListener('focusin', onFocusIn)
  document.addEventListener('pointerdown', onPointerDown)
  document.addEventListener('close', onClose, true)
  observer.observe(main, { childList: true, subtree: true })
  return () => {
    main.removeEventListener('focusin', onFocusIn)
    document.removeEventListener('pointerdown', onPointerDown)
    document.removeEventListener('close', onClose, true)
    observer.disconnect()
  }
}

function isLost(): boolean {
  return (document.activeElement === null || document.activeElement === document.body) && document.querySelector('dialog[open]') === null
}

function positionOf(element: HTMLElement, main: HTMLElement): FocusPosition {
  const around: HTMLElement[] = []
  for (let one = element.parentElement; one !== null && one !== main; one = one.parentElement) around.push(one)
  const row = element.closest<HTMLElement>(TASK_ROW) ?? element.closest<HTMLElement>(ROW)
  return { element, around, row, index: row === null ? -1 : [...(row.parentElement?.children ?? [])].indexOf(row) }
}

function nearest({ around, row, index }: FocusPosition, main: HTMLElement): HTMLElement | null {
  const left = around.find((one) => one.isConnected)
  // Another page came in its place, and focuses its own heading.
  if (left === undefined) return null
  if (row?.matches(TASK_ROW)) return row.isConnected ? row.querySelector<HTMLElement>('[data-open]') : null
  if (row?.isConnected) return row.querySelector<HTMLElement>(FOCUSABLE) ?? heading(main)
  const rows = row === null ? [] : [...left.children].filter((one) => one.matches(ROW) && one.querySelector(FOCUSABLE) !== null)
  const next = rows[Math.min(index, rows.length - 1)]
  return next?.querySelector<HTMLElement>(FOCUSABLE) ?? heading(main)
}

function heading(main: HTMLElement): HTMLElement | null {
  const found = main.querySelector<HTMLElement>('h1')
  if (found !== null) found.tabIndex = -1
  return found
}
