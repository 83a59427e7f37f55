/** Scroll a bar of tabs sideways until the current one is in its middle, as far as the bar goes. */
export function showCurrentTab(bar: HTMLElement): void {
  const current = bar.querySelector('[aria-current="page"]')?.getBoundingClientRect()
  if (current === undefined || bar.scrollWidth <= bar.clientWidth) return
  const box = bar.getBoundingClientRect()
  bar.scrollLeft += current.left - box.left - (box.width - current.width) / 2
}
