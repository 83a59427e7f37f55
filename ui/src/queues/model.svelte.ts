/** The queues as they are now, asked for while a page shows them. */

import { control } from '../api/control'
import type { Queues } from '../api/control_types'
import { Resource } from '../frame/resource.svelte'

/** Seconds between two requests of the broker. */
export const PAUSE_S = 3

export function queues(): Resource<Queues> {
  return new Resource((signal) => control.queues(signal), PAUSE_S)
}
