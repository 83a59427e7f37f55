/**
 * The focus after going to another page: on its heading, so that the page is announced and the
 * next key begins there; after coming back, on the link by which the page was left. Many pages
 * load before they have either, and some have another heading once they are loaded, so it is
 * waited for, and followed while nobody has gone elsewhere.
 */

/** `left` is the address, as it stands in the link, by which the page was left; null: none. */
export function focusHeading(main: HTMLElement, left: string | null): () => void {
  let focused: HTMLElement | null = null
  let awaited = left === null ? null : `a[href="${CSS.escape(left)}"]`
  const settle = (): void => {
    if (awaited !== null && isBusy(main) && document.activeElement !== focused) awaited = null
    const link = awaited === null ? null : main.querySelector<HTMLElement>(awaited)
    if (link) {
      link.focus({ preventScroll: true })
      link.scrollIntoView({ block: 'nearest' })
      return observer.disconnect()
    }
    if (focused?.isConnected) return
    const heading = main.querySelector('h1')
    if (heading === null) return
    if (focused === null ? isBusy(main) : document.activeElement !== document.body) return observer.disconnect()
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
    focused = heading
  }
  const observer = new MutationObserver(settle)
  observer.observe(main, { childList: true, subtree: true })
  settle()
  return () => observer.disconnect()
}

/** Whether the focus is where somebody, or the page itself, put it already. */
function isBusy(main: HTMLElement): boolean {
  const { activeElement } = document
  return activeElement !== main && (main.contains(activeElement) || activeElement?.closest('dialog') != null)
}
