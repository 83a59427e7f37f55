/** The gaps that are known, asked for when the page opens and again when a new one is told. */

import { api } from '../api/client'
import type { Gap } from '../api/types'
import { stream } from '../frame/stream.svelte'

class Gaps {
  items: readonly Gap[] = $state.raw([])

  /** Call it where effects may be made; goes on until what called it is gone. */
  writeStored(): void {
    // A gap that is new, or that grew, is told with the status.
    const spans = $derived(
      stream.live.troubles
        .filter((trouble) => trouble.kind === 'gap')
        .map((trouble) => `${trouble.since} ${trouble.count}`)
        .join(),
    )
    $effect(() => {
      void spans
      api.gaps().then(
        ({ gaps }) => (this.items = gaps),
        // A courtesy: what is known stays.
        () => undefined,
      )
    })
  }
}

export const gaps = new Gaps()
