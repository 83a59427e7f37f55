/**
 * Where the person is: the address bar is the only state, `history` its past.
 *
 * Every entry of the history has a key, under which pages remember how far they were
 * scrolled; so Back finds the page as it was left.
 */

import { pageAt, searchedPage, type Page } from './address'

/** What an entry of the history carries. */
interface Entry {
  key: string
  from: Page['kind'] | null
}

class Router {
  path = $state('')
  search = $state('')
  /** Of the entry of the history that is shown. */
  key = $state('')
  /** The kind of page from which one went on to this one; null after a fresh start. */
  from: Page['kind'] | null = $state(null)
  /** The entry that is shown was come back to, with Back or Forward. */
  returned = $state(false)
  readonly page: Page = $derived(searchedPage(pageAt(this.path, this.base), this.search))
  private readonly scrolled = new Map<string, number>()
  private readonly left = new Map<string, string>()

  get base(): string {
    return new URL(document.baseURI).pathname
  }

  /** The address below `<base href>`, without its search. */
  get inside(): string {
    return this.path.startsWith(this.base) ? this.path.slice(this.base.length) : this.path.replace(/^\//, '')
  }

  /** Begin to follow the address bar and clicks on links. Gives the way to stop. */
  start(): () => void {
    history.scrollRestoration = 'manual'
    this.read()
    if (this.key === '') this.write(location.href, true)
    const onPop = (): void => {
      this.returned = true
      this.read()
    }
    const onClick = (event: MouseEvent): void => this.click(event)
    addEventListener('popstate', onPop)
    addEventListener('click', onClick)
    return () => {
      removeEventListener('popstate', onPop)
      removeEventListener('click', onClick)
    }
  }

  /** Go to an address relative to `<base href>`; `replace` makes no new entry of the history. */
  go(to: string, replace = false): void {
    this.write(new URL(to, document.baseURI).href, replace)
  }

  /** Remember how far this entry of the history is scrolled. */
  keepScroll(top: number): void {
    this.scrolled.set(this.key, top)
  }

  /** How far this entry was scrolled when it was left, in pixels. */
  scrollOf(): number {
    return this.scrolled.get(this.key) ?? 0
  }

  /** The link by which this entry was left, as its `href` stands; null if none is known. */
  leftBy(): string | null {
    return this.left.get(this.key) ?? null
  }

  private write(href: string, replace: boolean): void {
    const key = replace && this.key !== '' ? this.key : `${Date.now()}-${Math.random()}`
    const from = replace ? this.from : this.page.kind
    this.returned = false
    if (replace) history.replaceState({ key, from }, '', href)
    else history.pushState({ key, from }, '', href)
    this.read()
  }

  private read(): void {
    this.path = location.pathname
    this.search = location.search
    const state = history.state as Partial<Entry> | null
    this.key = state?.key ?? ''
    this.from = state?.from ?? null
  }

  private click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest('a')
    if (!link || link.target !== '' || link.hasAttribute('download')) return
    if (!link.href.startsWith(new URL('.', document.baseURI).href)) return
    event.preventDefault()
    this.left.set(this.key, link.getAttribute('href') ?? '')
    this.go(link.href)
  }
}

export const router = new Router()
