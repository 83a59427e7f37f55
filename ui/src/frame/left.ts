/**
 * Whether somebody has just logged out in this tab: then the page of the login stays, and does
 * not lead at once to a provider that would let them in again. It holds over the way to a
 * provider that ends its own login and back.
 */

const KEY = 'umbel.left'

export function noteLeaving(): void {
  try {
    sessionStorage.setItem(KEY, '1')
  } catch {
    return // Nothing is kept here: the server knows as well.
  }
}

export function hasLeft(): boolean {
  try {
    return sessionStorage.getItem(KEY) !== null
  } catch {
    return false
  }
}

/** Somebody is logged in, or goes to. */
export function forgetLeaving(): void {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    return
  }
}
