/**
 * The focus after going to another page: on its heading, so that the page is announced and the
 * next key begins there. Many pages load before they have a heading, and some have another one
 * once they are loaded, so it is waited for, and followed while nobody has gone elsewhere.
 */

export function focusHeading(main: HTMLElement): () => void {
  let focused: HTMLElement | null = null
  const settle = (): void => {
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
