/** The columns of the list of entries. */

import type { ScheduleRow } from '../api/schema'
import type { Column } from '../parts/table'

export const columns: readonly Column<ScheduleRow>[] = [
  { key: 'entry', title: 'Entry', heading: true, wide: true, sort: ({ entry }) => entry.name },
  { key: 'words', title: 'When', wide: true, sort: ({ period_s }) => period_s },
  { key: 'next', title: 'Next', sort: ({ next }) => next },
  { key: 'last', title: 'Last', sort: ({ last }) => last?.due ?? null },
  { key: 'bars', title: 'Last 60 runs' },
  { key: 'late', title: 'Late by', number: true, spare: true, sort: ({ late_s }) => late_s },
  { key: 'p95', title: 'Run p95', number: true, sort: ({ runtime_p95 }) => runtime_p95 },
  { key: 'source', title: 'Source', spare: true, sort: ({ entry }) => entry.source },
]
