/** Pages and their addresses, below whatever prefix the server has. */

export type Page =
  | { kind: 'tasks' }
  | { kind: 'task'; id: string }
  | { kind: 'workers' }
  | { kind: 'unknown'; path: string }

/** The page at `path`, given the path of `<base href>` (which ends in "/"). */
export function pageAt(path: string, base: string): Page {
  const inside = path.startsWith(base) ? path.slice(base.length) : path.replace(/^\//, '')
  if (inside === '' || inside === 'tasks' || inside === 'tasks/') return { kind: 'tasks' }
  if (inside === 'workers' || inside === 'workers/') return { kind: 'workers' }
  if (inside.startsWith('tasks/')) return { kind: 'task', id: decoded(inside.slice('tasks/'.length)) }
  return { kind: 'unknown', path: inside }
}

/** The address of a page, relative to `<base href>`. */
export function taskPath(id: string): string {
  return `tasks/${encodeURIComponent(id)}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
