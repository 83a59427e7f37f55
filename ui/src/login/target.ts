/** Where somebody wanted to go before they were asked to log in. */

/**
 * The address that `?next=` names below `base` (`<base href>`, ends in "/"). What leads
 * anywhere else, another site above all, or back to the login, leads to the first page.
 */
export function targetOf(search: string, base: string): string {
  const next = new URLSearchParams(search).get('next') ?? ''
  try {
    const target = new URL(`./${next}`, base)
    const inside = target.origin === new URL(base).origin && target.href.startsWith(base)
    return inside && target.pathname !== new URL('login', base).pathname ? target.href : base
  } catch {
    return base
  }
}

/** Where a logout leads: to the provider that ends its own login, if that is a page, or to the page
 * of the login that waits. */
export function afterLogout(goOn: string | null, base: string): string {
  const left = new URL('login?left', base).href
  if (goOn === null || !URL.canParse(goOn)) return left
  return ['http:', 'https:'].includes(new URL(goOn).protocol) ? goOn : left
}

/** The way to a provider, below `base`, that leads to the same place afterwards. */
export function providerPath(address: string, search: string, base: string): string {
  const next = targetOf(search, base).slice(base.length).replace(/^[/\\]+/, '')
  return next === '' ? address : `${address}?next=${encodeURIComponent(next)}`
}
