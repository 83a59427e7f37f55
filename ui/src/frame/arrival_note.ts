/** A sentence for the page that is loaded next, in this tab, read once. */

const KEY = 'umbel.arrival'

export function leaveArrivalNote(note: string): void {
  try {
    sessionStorage.setItem(KEY, note)
  } catch {
    return // A browser that keeps nothing: the list is shown without it.
  }
}

export function arrivalNote(): string | null {
  try {
    const note = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    return note
  } catch {
    return null
  }
}
