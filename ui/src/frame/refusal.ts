/** Why somebody may not do a thing, in words; null where they may. */

import type { Me, Permission } from '../api/control_types'
import type { Grant, Role } from '../api/people_types'
import { formatNumber } from '../format/number'
import { fits } from './glob'

const LEAST_ROLES: Record<Permission, Role> = { read: 'viewer', operate: 'operator', administer: 'admin' }
const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']
/** So many places are named; of more the rest is counted. */
const NAMED = 4

/** What decides whether a bounded grant is for a task; null is not known. */
export interface Touched {
  name: string | null
  queue: string | null
}

/** What needs the permission for everything: workers, queues, other people. */
export function refusal(person: Me | null, needed: Permission): string | null {
  const denial = refusalOfAny(person, needed)
  if (denial !== null || person === null || person.permissions.includes(needed)) return denial
  return `This needs the role ${LEAST_ROLES[needed]} for everything; you are ${heldBy(person, needed)} alone.`
}

/** What can be done if the permission is there for any task at all: a search, for instance. */
export function refusalOfAny(person: Me | null, needed: Permission): string | null {
  if (person === null) return 'Umbel has not yet said what you may do.'
  if (person.permissions.includes(needed)) return null
  if (person.read_only) return 'Umbel runs read-only here: nobody can change anything.'
  if (bounded(person, needed).length > 0) return null
  return `This needs the role ${LEAST_ROLES[needed]}; ${person.name} is ${person.role}.`
}

/** What is done to one task. */
export function refusalOfTask(person: Me | null, needed: Permission, task: Touched): string | null {
  const denial = refusalOfAny(person, needed)
  if (denial !== null || person === null || mayTouch(person, needed, task)) return denial
  const grants = bounded(person, needed)
  const named = grants.every(({ name }) => name === null) ? null : (task.name ?? 'a task whose name is not known')
  const queued = grants.every(({ queue }) => queue === null)
    ? null
    : task.queue === null
      ? 'in a queue that is not known'
      : `in the queue ${task.queue}`
  return `You are ${heldBy(person, needed)} alone; this is ${[named, queued].filter((one) => one !== null).join(' ')}.`
}

/** What is done to one task of which only the name is known here: the server knows its queue. */
export function refusalOfNamed(person: Me | null, needed: Permission, name: string): string | null {
  const denial = refusalOfAny(person, needed)
  if (denial !== null || person === null || mayTouchSome(person, needed, name)) return denial
  return refusalOfTask(person, needed, { name, queue: null })
}

/** What is done to all tasks of a name, or of a queue. */
export function refusalOfAll(person: Me | null, needed: Permission, { name, queue }: Touched): string | null {
  const denial = refusalOfAny(person, needed)
  if (denial !== null || person === null || mayTouch(person, needed, { name, queue })) return denial
  const extent = name === null ? `all tasks in the queue ${queue ?? ''}` : `all tasks ${name}, in every queue`
  return `You are ${heldBy(person, needed)} alone; this is for ${extent}.`
}

/** A task that is sent, without a `queue` to where it is routed: the server knows where that is. */
export function refusalToSend(person: Me | null, { name, queue }: Touched): string | null {
  const denial = refusalOfAny(person, 'operate')
  if (denial !== null || person === null || name === null || person.permissions.includes('operate')) return denial
  if (name.startsWith('celery.')) return 'Celery’s own tasks run others of any name, so sending them needs the role operator for everything.'
  if (queue === null && mayTouchSome(person, 'operate', name)) return null
  return refusalOfTask(person, 'operate', { name, queue })
}

/** What is done to several tasks: `why` not to any of them, or a `note` that some are left out. */
export function refusalOfTasks(person: Me | null, needed: Permission, tasks: readonly Touched[]): { why: string | null; note: string | null } {
  const why = refusalOfAny(person, needed)
  if (why !== null || person === null || person.permissions.includes(needed)) return { why, note: null }
  const own = tasks.filter((task) => mayTouch(person, needed, task)).length
  const held = `You are ${heldBy(person, needed)} alone`
  const [only, ...others] = tasks
  if (only !== undefined && others.length === 0) return { why: refusalOfTask(person, needed, only), note: null }
  if (own === tasks.length) return { why: null, note: tasks.length === 0 ? `${held}: other tasks are left out.` : null }
  if (own === 0) return { why: `${held}; none of these ${formatNumber(tasks.length)} is one.`, note: null }
  return { why: null, note: `${held}: ${formatNumber(tasks.length - own)} of these ${formatNumber(tasks.length)} will be left out.` }
}

/** Whether somebody has the permission for a task. */
export function mayTouch(person: Me, needed: Permission, { name, queue }: Touched): boolean {
  const covers = (pattern: string | null, text: string | null): boolean => pattern === null || (text !== null && fits(pattern, text))
  return person.permissions.includes(needed) || bounded(person, needed).some((grant) => covers(grant.name, name) && covers(grant.queue, queue))
}

/** Whether somebody has the permission for tasks of this name, at least in some queue. */
function mayTouchSome(person: Me, needed: Permission, name: string): boolean {
  return person.permissions.includes(needed) || bounded(person, needed).some((grant) => grant.name === null || fits(grant.name, name))
}

/** Which tasks a grant is for: "tasks billing.* in the queue slow". */
export function scopeOf({ name, queue }: Pick<Grant, 'name' | 'queue'>): string {
  if (name === null && queue === null) return 'everything'
  return `tasks${name === null ? '' : ` ${name}`}${queue === null ? '' : ` in the queue ${queue}`}`
}

/** "operator of tasks billing.* and of tasks mail.*". */
function heldBy(person: Me, needed: Permission): string {
  const grants = bounded(person, needed)
  const parts = grants.slice(0, NAMED).map((grant, index) => {
    const isSame = index > 0 && grants[index - 1]?.role === grant.role
    return `${isSame ? '' : `${grant.role} `}of ${scopeOf(grant)}`
  })
  if (grants.length > NAMED) parts.push(`of ${formatNumber(grants.length - NAMED)} more`)
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
}

/** The grants for some tasks that have the permission. */
function bounded(person: Me, needed: Permission): readonly Grant[] {
  if (person.read_only && needed !== 'read') return []
  return person.grants.filter((grant) => ROLES.indexOf(grant.role) >= ROLES.indexOf(LEAST_ROLES[needed]) && (grant.name !== null || grant.queue !== null))
}
