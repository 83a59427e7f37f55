import { describe, expect, it } from 'vitest'
import { blocks, inlinesOf, wordsOf, type Block } from './markdown'
import { linkTarget, loadPage } from './pages'

const LOGINS = Object.keys(import.meta.glob('../../../docs/logins/*.md')).map((path) => path.replace(/^.*\/(logins\/[^/]+)\.md$/, '$1'))

const words = (block: Block | undefined): unknown => {
  if (block?.kind === 'code') return block.text
  if (block?.kind === 'list') return block.items.map((item) => item.map(words))
  if (block?.kind === 'table') return [block.head, ...block.rows].map((row) => row.map(wordsOf))
  return block ? wordsOf(block.inlines) : null
}

describe('the Markdown of the documentation', () => {
  it('has headings with anchors as links name them', () => {
    const found = blocks('# What is `hidden`?\n\n## A\n\n## A\n')

    expect(found.map((one) => (one.kind === 'heading' ? [one.level, one.id] : null))).toEqual([
      [1, 'what-is-hidden'],
      [2, 'a'],
      [2, 'a-1'],
    ])
  })

  it('has paragraphs, code as it stands, lists in lists, and tables', () => {
    const found = blocks(
      'One\ntwo.\n```sh\n# no heading\n- no item\n```\n- a\n  goes on\n  - b\n- c\n\n1. d\n\n| x | y |\n|---|---|\n| `a\\|b` | |\n<!-- no text -->\nEnd.',
    )

    expect(found.map(words)).toEqual([
      'One two.',
      '# no heading\n- no item',
      [['a goes on', [['b']]], ['c']],
      [['d']],
      [['x', 'y'], ['a|b', '']],
      'End.',
    ])
  })

  it('has code, strong text and links in a line', () => {
    expect(inlinesOf('a `b` **c `d`** [e `f`](g.md#h) <https://x.org>')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'code', text: 'b' },
      { kind: 'text', text: ' ' },
      { kind: 'strong', inlines: [{ kind: 'text', text: 'c ' }, { kind: 'code', text: 'd' }] },
      { kind: 'text', text: ' ' },
      { kind: 'link', href: 'g.md#h', inlines: [{ kind: 'text', text: 'e ' }, { kind: 'code', text: 'f' }] },
      { kind: 'text', text: ' ' },
      { kind: 'link', href: 'https://x.org', inlines: [{ kind: 'text', text: 'https://x.org' }] },
    ])
  })

  it('leads to its other pages, and to nothing that is not there', () => {
    expect(linkTarget('settings.md#logins', 'flower')).toBe('docs/settings#logins')
    expect(linkTarget('#options', 'flower')).toBe('docs/flower#options')
    expect(linkTarget('README.md', 'flower')).toBe('docs')
    expect(linkTarget('https://x.org', 'flower')).toBe('https://x.org')
    expect(linkTarget('../SECURITY.md', 'flower')).toBeNull()
    expect(linkTarget('decisions/', 'README')).toBeNull()
  })

  it('leads into the folder of logins and out of it', () => {
    expect(linkTarget('logins/README.md', 'settings')).toBe('docs/logins')
    expect(linkTarget('logins/okta.md#groups', 'settings')).toBe('docs/logins/okta#groups')
    for (const name of ['logins', 'logins/README', 'logins/google']) {
      expect(linkTarget('okta.md', name)).toBe('docs/logins/okta')
      expect(linkTarget('README.md', name)).toBe('docs/logins')
      expect(linkTarget('../settings.md#logins', name)).toBe('docs/settings#logins')
      expect(linkTarget('../README.md', name)).toBe('docs')
      expect(linkTarget('../../SECURITY.md', name)).toBeNull()
    }
    expect(linkTarget('#trouble', 'logins')).toBe('docs/logins#trouble')
  })

  it.each(['README', 'settings', 'query-language', 'errors', 'flower', 'api', 'python-api', 'troubleshooting', 'architecture', ...LOGINS])(
    'of the page %s is read whole',
    async (name) => {
      const text = (await loadPage(name)) ?? ''
      const found = blocks(text)
      const ids = found.flatMap((one) => (one.kind === 'heading' ? [one.id] : []))
      const anchors = [...text.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1])

      expect(found[0]?.kind).toBe('heading')
      expect(found.filter((one) => one.kind === 'table')).toHaveLength((text.match(/^\|[-|]+\|$/gm) ?? []).length)
      expect(anchors.filter((id) => id !== undefined && !ids.includes(id))).toEqual([])
    },
  )
})
