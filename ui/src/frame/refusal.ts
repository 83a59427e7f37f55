/** Why somebody may not do a thing, in words. */

import type { Me, Permission } from '../api/control-types'

const ROLES: Record<Permission, string> = { read: 'viewer', operate: 'operator', administer: 'admin' }

export function refusal(known: Me | null, needed: Permission): string | null {
  if (known === null) return 'Umbel has not yet said what you may do.'
  if (known.permissions.includes(needed)) return null
  if (known.read_only) return 'Umbel runs read-only here: nobody can change anything.'
  return `This needs the role ${ROLES[needed]}; ${known.name} is ${known.role}.`
}
