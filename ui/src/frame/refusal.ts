/** Why somebody may not do a thing, in words. */

import type { Me, Permission } from '../api/control_types'

const ROLES: Record<Permission, string> = { read: 'viewer', operate: 'operator', administer: 'admin' }

export function refusal(person: Me | null, needed: Permission): string | null {
  if (person === null) return 'Umbel has not yet said what you may do.'
  if (person.permissions.includes(needed)) return null
  if (person.read_only) return 'Umbel runs read-only here: nobody can change anything.'
  return `This needs the role ${ROLES[needed]}; ${person.name} is ${person.role}.`
}
