/**
 * Names of the cluster as one part of an address's path, as `src/umbel/path_parts.py` has them:
 * "." and ".." mean a folder to every browser, and `tasks/count` is a route of its own, so an equals
 * sign stands before those, and before what begins with one.
 */

const TAKEN: ReadonlySet<string> = new Set(['.', '..', 'count', 'export', 'diff'])

export function pathPart(text: string): string {
  return encodeURIComponent(TAKEN.has(text) || text.startsWith('=') ? `=${text}` : text).replace(/^%3D/, '=')
}

/** The text of a part of a path. What nobody encoded is taken as it is. */
export function fromPathPart(part: string): string {
  return decoded(part).replace(/^=/, '')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
