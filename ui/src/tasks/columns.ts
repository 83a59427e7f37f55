/** The columns that a person can choose, and in which order they stand. */

export type ColumnId =
  | 'state'
  | 'name'
  | 'uuid'
  | 'args'
  | 'kwargs'
  | 'result'
  | 'worker'
  | 'queue'
  | 'changed'
  | 'seen'
  | 'sent'
  | 'received'
  | 'started'
  | 'finished'
  | 'runtime'
  | 'wait'
  | 'retries'

export interface Column {
  id: ColumnId
  title: string
  /** The field to sort by, where the API has one. */
  order: string | null
  numeric: boolean
}

const column = (id: ColumnId, title: string, order: string | null = null, numeric = false): Column => ({
  id,
  title,
  order,
  numeric,
})

export const COLUMNS: readonly Column[] = [
  column('state', 'State', 'state'),
  column('name', 'Task', 'name'),
  column('uuid', 'Id'),
  column('args', 'Arguments'),
  column('kwargs', 'Keywords'),
  column('result', 'Result or error'),
  column('worker', 'Worker', 'worker'),
  column('queue', 'Queue'),
  column('changed', 'Changed', 'changed', true),
  column('seen', 'Seen', 'seen', true),
  column('sent', 'Sent', null, true),
  column('received', 'Received', 'received', true),
  column('started', 'Started', 'started', true),
  column('finished', 'Ended', 'finished', true),
  column('wait', 'Waited', null, true),
  column('runtime', 'Ran', 'runtime', true),
  column('retries', 'Retries', null, true),
]

/** Without the name a row is nothing to click on. */
export const ALWAYS: ColumnId = 'name'

/** All columns in a person's order, each shown or not. */
export type Layout = readonly { id: ColumnId; shown: boolean }[]

const SHOWN_AT_FIRST = new Set<ColumnId>([
  'state',
  'name',
  'args',
  'kwargs',
  'result',
  'worker',
  'queue',
  'changed',
  'wait',
  'runtime',
])

export const DEFAULT_LAYOUT: Layout = COLUMNS.map(({ id }) => ({ id, shown: SHOWN_AT_FIRST.has(id) }))

/** A layout as it was kept, made whole: unknown columns go, new ones come at the end. */
export function readLayout(kept: unknown): Layout {
  if (!Array.isArray(kept)) return DEFAULT_LAYOUT
  const known = new Map(DEFAULT_LAYOUT.map((one) => [one.id as string, one]))
  const layout: { id: ColumnId; shown: boolean }[] = []
  for (const one of kept as unknown[]) {
    if (typeof one !== 'object' || one === null) continue
    const { id, shown } = one as { id?: unknown; shown?: unknown }
    const match = typeof id === 'string' ? known.get(id) : undefined
    if (match === undefined) continue
    known.delete(match.id)
    layout.push({ id: match.id, shown: match.id === ALWAYS || shown === true })
  }
  return [...layout, ...known.values()]
}

export function shownColumns(layout: Layout): Column[] {
  return layout
    .filter((one) => one.shown)
    .map((one) => COLUMNS.find((column) => column.id === one.id))
    .filter((one) => one !== undefined)
}

export function toggleColumn(layout: Layout, id: ColumnId): Layout {
  if (id === ALWAYS) return layout
  return layout.map((one) => (one.id === id ? { id, shown: !one.shown } : one))
}

/** The column moved by `step` places (-1: towards the front). */
export function moveColumn(layout: Layout, id: ColumnId, step: -1 | 1): Layout {
  const from = layout.findIndex((one) => one.id === id)
  const to = from + step
  const one = layout[from]
  const other = layout[to]
  if (one === undefined || other === undefined) return layout
  const moved = [...layout]
  moved[from] = other
  moved[to] = one
  return moved
}
