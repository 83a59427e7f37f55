/**
 * The focus after going to another page: on its heading, so that the page is announced and the
 * next key begins there. Many pages load before they have a heading, so it is waited for.
 */

export function focusHeading(main: HTMLElement): () => void {
  const found = (): boolean => {
    const heading = main.querySelector('h1')
    if (heading !== null && !isBusy(main)) {
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
    }
    return heading !== null
  }
  const observer = new MutationObserver(() => {
    if (found()) observer.disconnect()
  })
  if (!found()) observer.observe(main, { childList: true, subtree: true })
  return () => observer.disconnect()
}

/** Whether the focus is where somebody, or the page itself, put it already. */
function isBusy(main: HTMLElement): boolean {
  const { activeElement } = document
  return activeElement !== main && (main.contains(activeElement) || activeElement?.closest('dialog') != null)
}
