import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { STATES } from '../api/types'
import { stateColour } from '../parts/icons'

const MOST_LINES = 250
const components = Object.entries(import.meta.glob<string>('../**/*.svelte', { query: '?raw', import: 'default', eager: true }))
const modules = Object.values(import.meta.glob<string>('../**/*.ts', { query: '?raw', import: 'default', eager: true }))
const tokens = readFileSync('src/styles/tokens.css', 'utf8')
const sheets = ['base.css', 'forms.css', 'sheet.css'].map((name) => [
  name,
  readFileSync(`src/styles/${name}`, 'utf8'),
])

/** A style sheet without comments, and without the conditions of media queries. */
function bare(css: string): string {
  return css.replace(/\/\*.*?\*\//gs, '').replace(/@media[^{]*/g, '')
}

function styleOf(component: string): string {
  return /<style>(.*)<\/style>/s.exec(component)?.[1] ?? ''
}

const styled = [
  ...sheets,
  ...components.map(([path, text]) => [path, styleOf(text)]),
] as [string, string][]

describe('tokens', () => {
  it.each(styled)('alone name colours, sizes and durations: %s', (_, css) => {
    const named = bare(css).match(/#[0-9a-f]{3,8}\b|\brgba?\(|\b(?!0\b)[\d.]+(?:px|rem|em|ms|s)\b/gi)

    expect(named ?? []).toEqual([])
  })

  it('that are used are all there, and all that are there are used', () => {
    const defined = new Set(tokens.match(/--[\w-]+(?=:)/g))
    const texts = [...sheets, ...components].map(([, text]) => text)
    const files = [tokens, ...texts, ...modules, ...STATES.map(stateColour)].join('\n')
    const used = new Set(files.match(/(?<=var\()--[\w-]+/g))
    /** Set by components: the depth in a tree, a column's width by its shape, a state's colour, a facet's share, a cluster's dot, where a waterfall is cut. */
    const local = new Set(['--depth', '--col-', '--colour', '--share', '--cluster-', '--gaps'])

    expect([...used].filter((name) => !defined.has(name) && !local.has(name))).toEqual([])
    expect([...defined].filter((name) => !used.has(name) && !name.startsWith('--col-'))).toEqual([])
  })
})

describe('components', () => {
  it.each(components)('stay small: %s', (_, text) => {
    expect(text.split('\n').length).toBeLessThanOrEqual(MOST_LINES + 1)
  })

  it.each(components)('have nothing that the content security policy refuses: %s', (_, text) => {
    expect(text).not.toMatch(/\sstyle=|\{@html/)
  })
})
