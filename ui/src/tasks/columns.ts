/** The columns that a person can choose, and in which order they stand. */

import type { Chip, TaskRow } from '../api/types'

import type { TasksOrder } from '../api/schema'

export type ColumnId =
  | 'state'
  | 'name'
  | 'uuid'
  | 'call'
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
  | 'exception'
  | 'exchange'
  | 'routing_key'
  | 'eta'
  | 'expires'
  | 'revoked'

export interface Column {
  id: ColumnId
  title: string
  /** The field to sort by, where the API has one. */
  order: TasksOrder | null
  numeric: boolean
  /** The token that says how wide it is, where it is not that of its id. */
  token?: string
}

const column = (id: ColumnId, title: string, order: TasksOrder | null = null, numeric = false): Column => ({
  id,
  title,
  order,
  numeric,
})

export const COLUMNS: readonly Column[] = [
  column('state', 'State', 'state'),
  column('name', 'Task', 'name'),
  column('uuid', 'Id'),
  column('call', 'Arguments', 'args'),
  column('result', 'Result or error', 'result'),
  column('worker', 'Worker', 'worker'),
  column('queue', 'Queue', 'queue'),
  column('changed', 'Changed', 'changed', true),
  column('seen', 'Seen', 'seen', true),
  column('sent', 'Sent', 'sent', true),
  column('received', 'Received', 'received', true),
  column('started', 'Started', 'started', true),
  column('finished', 'Ended', 'finished', true),
  column('wait', 'Waited', 'wait', true),
  column('runtime', 'Ran', 'runtime', true),
  column('retries', 'Retries', 'retries', true),
  column('exception', 'Error', 'exception'),
  column('exchange', 'Exchange', 'exchange'),
  column('routing_key', 'Routing key', 'routing_key'),
  column('eta', 'Due', 'eta', true),
  column('expires', 'Expires', 'expires', true),
  column('revoked', 'Revoked', 'revoked', true),
]

/** Without the name a row is nothing to click on. */
export const ALWAYS: ColumnId = 'name'

/** All columns in a person's order, each shown or not. */
export type Layout = readonly { id: ColumnId; shown: boolean }[]

const SHOWN_AT_FIRST = new Set<ColumnId>([
  'state',
  'name',
  'call',
  'result',
  'worker',
  'queue',
  'changed',
  'wait',
  'runtime',
])

export const DEFAULT_LAYOUT: Layout = COLUMNS.map(({ id }) => ({ id, shown: SHOWN_AT_FIRST.has(id) }))

/** Columns of earlier versions, and the one that shows now what they showed. */
const RENAMED: Record<string, ColumnId> = { args: 'call', kwargs: 'call' }

/** The layout that shows these columns (names with commas between, or `all`), in this order. */
export function layoutOf(names: string): Layout {
  const words = names.split(',').filter((name) => name !== '')
  if (words.length === 0) return DEFAULT_LAYOUT
  const every = COLUMNS.map(({ id }) => id)
  const chosen = words.flatMap((name) => (name === 'all' ? every : every.filter((id) => id === (RENAMED[name] ?? name))))
  const shown = new Set(chosen.includes(ALWAYS) ? chosen : [ALWAYS, ...chosen])
  return [...shown, ...every.filter((id) => !shown.has(id))].map((id) => ({ id, shown: shown.has(id) }))
}

/**
 * A layout as it was stored, made whole: unknown columns go, new ones come at the end. Where none
 * was stored, the `usual` one.
 */
export function readLayout(stored: unknown, usual: Layout = DEFAULT_LAYOUT): Layout {
  if (!Array.isArray(stored)) return usual
  const missing = new Map(DEFAULT_LAYOUT.map((one) => [one.id as string, one]))
  const layout: { id: ColumnId; shown: boolean }[] = []
  for (const one of stored as unknown[]) {
    if (typeof one !== 'object' || one === null) continue
    const { id, shown } = one as { id?: unknown; shown?: unknown }
    const match = typeof id === 'string' ? missing.get(RENAMED[id] ?? id) : undefined
    if (match === undefined) continue
    missing.delete(match.id)
    layout.push({ id: match.id, shown: match.id === ALWAYS || shown === true })
  }
  return [...layout, ...missing.values()]
}

/** Columns that share what is left over, each by its weight. */
const WEIGHTS: Partial<Record<ColumnId, number>> = { name: 2, call: 4, result: 8, exception: 8 }

/** The token that says how wide a column is, or at least is: `--col-time`. */
const TOKENS: Partial<Record<ColumnId, string>> = {
  state: 'state',
  name: 'name',
  uuid: 'id',
  call: 'value',
  result: 'value',
  worker: 'worker',
  queue: 'queue',
  wait: 'duration',
  runtime: 'duration',
  retries: 'number',
  exception: 'value',
  exchange: 'queue',
  routing_key: 'queue',
}
const tokenOf = ({ id, token }: Column): string => `var(--col-${token ?? TOKENS[id] ?? 'time'})`

/** The least width of the whole table in CSS. */
export function leastWidth(columns: readonly Column[]): string {
  return `calc(${['var(--col-select)', ...columns.map(tokenOf)].join(' + ')})`
}

/** The widths of columns in CSS. What a container (`100cqw`) has more than the least is shared. */
export function columnWidths(columns: readonly Column[]): string[] {
  const spare = `max(0px, 100cqw - ${leastWidth(columns)})`
  const sum = columns.reduce((all, { id }) => all + (WEIGHTS[id] ?? 0), 0)
  return columns.map((column) => {
    const weight = WEIGHTS[column.id]
    return weight ? `calc(${tokenOf(column)} + ${spare} * ${weight} / ${sum})` : tokenOf(column)
  })
}

export function shownColumns(layout: Layout): Column[] {
  return layout
    .filter((one) => one.shown)
    .map((one) => COLUMNS.find((column) => column.id === one.id))
    .filter((one) => one !== undefined)
}

/** What the search asks for and every row has alike: there its column tells nothing. */
export function repeatedFields(
  chips: readonly Chip[],
  rows: readonly Pick<TaskRow, 'name' | 'queue'>[],
): ReadonlySet<ColumnId> {
  const [first, ...others] = rows
  return new Set(
    (['name', 'queue'] as const).filter(
      (field) =>
        chips.some((chip) => chip.field === field && !chip.negated) &&
        others.length > 0 &&
        others.every((row) => row[field] === first?.[field]),
    ),
  )
}

/** The columns without those of `repeated`; in the place of the name stands the id. */
export function withoutRepeated(columns: readonly Column[], repeated: ReadonlySet<ColumnId>): Column[] {
  const byId: Column = { ...column('uuid', 'Id'), token: 'value' }
  return columns
    .filter(({ id }) => !(id === 'queue' && repeated.has('queue')) && !(id === 'uuid' && repeated.has('name')))
    .map((one) => (one.id === ALWAYS && repeated.has('name') ? byId : one))
}

/** The fields that the shown columns show, as an export names them; always with the id. */
export function fieldsOf(layout: Layout): string[] {
  const fields = shownColumns(layout).flatMap(({ id }) => (id === 'call' ? ['args', 'kwargs'] : id === 'result' ? ['result', 'exception'] : [id]))
  return [...new Set(['uuid', ...fields])]
}

/** The column whose cells open the task and carry its marks. */
export function openingColumn(columns: readonly Column[]): ColumnId {
  return columns.some(({ id }) => id === ALWAYS) ? ALWAYS : 'uuid'
}

export function toggleColumn(layout: Layout, id: ColumnId): Layout {
  if (id === ALWAYS) return layout
  return layout.map((one) => (one.id === id ? { id, shown: !one.shown } : one))
}

/** A shown column moved past the next shown one (-1: towards the front). */
export function moveColumn(layout: Layout, id: ColumnId, step: -1 | 1): Layout {
  const from = layout.findIndex((one) => one.id === id)
  let to = from + step
  while (layout[to] && !layout[to]?.shown) to += step
  const one = layout[from]
  if (one === undefined || layout[to] === undefined) return layout
  const moved = layout.filter((other) => other !== one)
  moved.splice(to, 0, one)
  return moved
}
