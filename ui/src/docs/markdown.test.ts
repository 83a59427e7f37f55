import { describe, expect, it } from 'vitest'
import { blocks, inlinesOf, wordsOf, type Block } from './markdown'
import { linkTarget, loadPage } from './pages'

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

  it.each(['README', 'settings', 'query-language', 'flower', 'api', 'python-api', 'troubleshooting', 'architecture'])(
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
