/** What somebody may do, and from where they came, in words. */

import type { ApiToken, ClusterAccess, Grant } from '../api/people_types'
import { scopeOf } from '../frame/refusal'

/** One line of what somebody may do in a cluster: the role, where it holds, and what gave it. */
export interface AccessLine {
  cluster: string
  /** "viewer", or "no role". */
  role: string
  scope: string
  because: string
}

/** Everything that somebody may do: first what holds for everything, then what is for some tasks. */
export function accessLines(access: readonly ClusterAccess[]): AccessLine[] {
  return access.flatMap(({ cluster, role, because, grants }) => [
    role === null
      ? { cluster, role: 'no role', scope: 'here', because }
      : { cluster, role, scope: `of ${scopeOf({ name: null, queue: null })}`, because },
    ...grants.filter(isBounded).map((grant) => ({ cluster, role: grant.role, scope: `of ${scopeOf(grant)}`, because: grant.because })),
  ])
}

/** "viewer, operator of tasks billing.*": the role, and where more holds. */
export function roleWords(role: string, grants: readonly Grant[]): string {
  return [role, ...grants.filter(isBounded).map((grant) => `${grant.role} of ${scopeOf(grant)}`)].join(', ')
}

function isBounded({ name, queue }: Grant): boolean {
  return name !== null || queue !== null
}

/** What somebody logged in by is called. */
export function providerOf({ provider, label }: { provider: string; label: string }): string {
  return provider === 'password' ? 'a password of Umbel’s own' : (label || provider)
}

/** "operator of tasks billing.*, mail.* in the queues slow, fast". */
export function tokenWords({ role, names, queues }: Pick<ApiToken, 'role' | 'names' | 'queues'>): string {
  if (names.length + queues.length === 0) return `${role} of everything`
  const where = queues.length === 0 ? '' : ` in the queue${queues.length === 1 ? '' : 's'} ${queues.join(', ')}`
  return `${role} of tasks${names.length === 0 ? '' : ` ${names.join(', ')}`}${where}`
}

/** What browsers call themselves, the more special before those that it imitates. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bCriOS\/|Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPad\b/, 'iPad'],
  [/\biPhone\b/, 'iPhone'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]
const WORDS_MAX = 40

/** "Firefox on Linux" for a browser's own words; of others the first of them. */
export function browserOf(client: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(client))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(client))?.[1]
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  const first = client.split(' ')[0] ?? ''
  return first === '' ? 'not known' : first.slice(0, WORDS_MAX)
}
