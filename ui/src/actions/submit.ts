/** Ctrl+Enter sends a form from any of its fields; an Enter that is held down sends nothing. */

export function submitKeys(form: HTMLFormElement): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return
    // Held down, it would go on from step to step, through what has to be read first.
    if (event.repeat) event.preventDefault()
    else if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      form.requestSubmit()
    }
  }
  form.addEventListener('keydown', onKey)
  return () => form.removeEventListener('keydown', onKey)
}
