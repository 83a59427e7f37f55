// Every text of a page as people see it. Names, arguments and reasons come from elsewhere and
// stand in dozens of places, so that one rule holds for the whole document, and for pages that
// are yet to be written: before anything is painted, what cannot be seen becomes its escape.
// Fields keep what was typed, and buttons that copy give the true text.
import { visible } from '../format/visible'

const ATTRIBUTES = ['title', 'aria-label', 'placeholder', 'alt']

/** Keeps every text below `root`, and the attributes that are read out or hover, visible. */
export function escapeInvisible(root: Node): void {
  show(root)
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'childList') change.addedNodes.forEach(show)
      else if (change.type === 'characterData') showText(change.target)
      else showAttributes(change.target as Element)
    }
  }).observe(root, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ATTRIBUTES,
  })
}

function show(node: Node): void {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
  for (let one: Node | null = node; one; one = walker.nextNode()) {
    if (one.nodeType === Node.TEXT_NODE) showText(one)
    else if (one.nodeType === Node.ELEMENT_NODE) showAttributes(one as Element)
  }
}

function showText(node: Node): void {
  const came = node.nodeValue ?? ''
  const shown = visible(came)
  if (shown !== came) node.nodeValue = shown
}

function showAttributes(element: Element): void {
  for (const name of ATTRIBUTES) {
    const came = element.getAttribute(name)
    if (came === null) continue
    const shown = visible(came)
    if (shown !== came) element.setAttribute(name, shown)
  }
}
