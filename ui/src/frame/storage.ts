/** What a person chose, kept in this browser. A browser that keeps nothing is no error. */

export function readStored(name: string): unknown {
  try {
    const text = localStorage.getItem(`umbel.${name}`)
    return text === null ? null : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}

export function writeStored(name: string, value: unknown): void {
  try {
    localStorage.setItem(`umbel.${name}`, JSON.stringify(value))
  } catch {
    return // Private windows and full storage: the choice then lasts as long as the page.
  }
}
