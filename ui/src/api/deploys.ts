/** What is asked of deploys. */

import type { DeployList } from './schema'
import { get } from './transport'

export const deploys = {
  /** Those of a time, Unix seconds, the newest first. */
  list: (span: { after: number; before: number }, signal?: AbortSignal) => get<DeployList>('deploys', { ...span }, signal),
}
