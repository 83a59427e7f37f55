/** The queues as they are now, asked for while a page shows them. */

import { control } from '../api/control'
import type { Queues } from '../api/control_types'
import { Resource } from '../frame/resource.svelte'

/** Seconds between two requests of the broker. */
export const PAUSE_S = 3

/** Of very many queues the server finds those that are searched for. */
export function queues(search: () => string = () => ''): Resource<Queues> {
  return new Resource((signal) => control.queues(search(), signal), PAUSE_S)
}
