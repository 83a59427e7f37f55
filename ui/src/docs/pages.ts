/** The pages of `docs/` in the repository, which are built into the package. */

const SOURCES = import.meta.glob<string>('../../../docs/*.md', { query: '?raw', import: 'default' })
const LOADERS = new Map(Object.entries(SOURCES).map(([path, load]) => [nameOf(path), load]))
/** The page that leads to all others. */
export const FIRST = 'README'

function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.md$/, '')
}

/** The Markdown of a page; null if there is none of this name. */
export async function loadPage(name: string): Promise<string | null> {
  return (await LOADERS.get(name)?.()) ?? null
}

/** Where a link of the page `name` leads; null for what is in the repository alone. */
export function linkTarget(href: string, name: string): string | null {
  if (/^https?:/.test(href)) return href
  const [file = '', fragment] = href.split('#')
  const page = file === '' ? name : nameOf(file)
  if (file !== '' && (file.includes('/') || !file.endsWith('.md') || !LOADERS.has(page))) return null
  const address = page === FIRST ? 'docs' : `docs/${page}`
  return fragment === undefined ? address : `${address}#${fragment}`
}
