/** The claims of a login as a person reads them: one line for each, nested ones by their path. */

import type { Claims } from '../api/people_types'
import { formatNumber } from '../format/number'

export interface ClaimLine {
  /** "realm_access.roles", as a rule names it. */
  path: string
  values: string[]
  /** How many more values there are. */
  more: number
}

/** Of more lines, values or characters, the first are shown. */
const LINES = 60
const VALUES = 30
const CHARACTERS = 200
const DEPTH = 5

/** The lines, and how many are left out. */
export function claimLines(claims: Claims): { lines: ClaimLine[]; more: number } {
  const lines: ClaimLine[] = []
  collect(claims, '', DEPTH, lines)
  return { lines: lines.slice(0, LINES), more: Math.max(0, lines.length - LINES) }
}

function collect(claims: Claims, prefix: string, depth: number, lines: ClaimLine[]): void {
  for (const [name, value] of Object.entries(claims)) {
    const path = `${prefix}${shortened(name)}`
    if (isObject(value) && depth > 0 && Object.keys(value).length > 0) collect(value, `${path}.`, depth - 1, lines)
    else lines.push({ path, ...valuesOf(value) })
  }
}

function valuesOf(value: unknown): { values: string[]; more: number } {
  if (!Array.isArray(value)) return { values: [textOf(value)], more: 0 }
  return { values: value.slice(0, VALUES).map(textOf), more: Math.max(0, value.length - VALUES) }
}

function textOf(value: unknown): string {
  return shortened(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function shortened(text: string): string {
  const characters = [...text.slice(0, CHARACTERS * 2)]
  if (characters.length <= CHARACTERS) return text
  return `${characters.slice(0, CHARACTERS).join('')}… (${formatNumber(text.length)} characters)`
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The claims as one line each, for a message: `groups: billing, staff`. */
export function claimText(claims: Claims): string {
  const { lines, more } = claimLines(claims)
  const texts = lines.map(({ path, values, more: rest }) => `${path}: ${[...values, ...(rest > 0 ? [`and ${formatNumber(rest)} more`] : [])].join(', ')}`)
  return [...texts, ...(more > 0 ? [`and ${formatNumber(more)} more claims`] : [])].join('\n')
}
