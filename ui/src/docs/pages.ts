/** The pages of `docs/` in the repository, which are built into the package. */

const SOURCES = import.meta.glob<string>(['../../../docs/*.md', '../../../docs/logins/*.md'], {
  query: '?raw',
  import: 'default',
})
const LOADERS = new Map(Object.entries(SOURCES).map(([path, load]) => [nameOf(path), load]))
/** The page that leads to all others; a folder has one of its own, which is called as the folder. */
export const FIRST = 'README'

/** The name of a page, with the folder that it is in: `flower`, `logins/google`. */
function nameOf(path: string): string {
  return path.replace(/^.*\/docs\//, '').replace(/\.md$/, '')
}

/** The page of this name, or the first one of the folder. */
function pageOf(name: string): string {
  return LOADERS.has(name) ? name : `${name}/${FIRST}`
}

/** Whether there is a page of this name, or a folder with a first page. */
export function hasPage(name: string): boolean {
  return LOADERS.has(pageOf(name))
}

/** The Markdown of a page; null if there is none of this name. */
export async function loadPage(name: string): Promise<string | null> {
  return (await LOADERS.get(pageOf(name))?.()) ?? null
}

/** Where a link of the page `name` leads; null for what is in the repository alone. */
export function linkTarget(href: string, name: string): string | null {
  if (/^https?:/.test(href)) return href
  const [file = '', fragment] = href.split('#')
  const page = file === '' ? pageOf(name) : nameOf(new URL(file, `https://x/x/docs/${pageOf(name)}`).pathname)
  if (file !== '' && (!file.endsWith('.md') || !LOADERS.has(page))) return null
  const address = page === FIRST ? 'docs' : `docs/${page.replace(/\/README$/, '')}`
  return fragment === undefined ? address : `${address}#${fragment}`
}
