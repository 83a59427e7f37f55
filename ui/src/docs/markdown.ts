/**
 * The Markdown of `docs/`: headings, paragraphs, fenced code, lists, tables; in a line code, strong
 * text and links. Source: https://spec.commonmark.org/, as far as those pages use it.
 */

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong'; inlines: Inline[] }
  | { kind: 'link'; href: string; inlines: Inline[] }

export type Block =
  | { kind: 'heading'; level: number; id: string; inlines: Inline[] }
  | { kind: 'paragraph'; inlines: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'list'; ordered: boolean; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }

const FENCE = /^```/
const HEADING = /^(#{1,6}) +(.*)$/
const ITEM = /^( *)(?:[-*]|(\d+)\.) +(.*)$/
const TABLE = /^\|/
const COMMENT = /^<!--.*-->$/
const IMAGE = /^!\[.*\]\(.*\)$/

/** The blocks of a page, in their order. */
export function blocks(text: string): Block[] {
  return read(text.replaceAll('\r', '').split('\n'))
}

function read(lines: readonly string[]): Block[] {
  const found: Block[] = []
  const anchors = new Map<string, number>()
  let at = 0
  /** The lines from here on for which `belongs` holds. */
  function take(belongs: (line: string) => boolean): string[] {
    const first = at
    while (at < lines.length && belongs(lines[at] ?? '')) at++
    return lines.slice(first, at)
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const heading = HEADING.exec(line)
    const item = ITEM.exec(line)
    if (line.trim() === '' || COMMENT.test(line) || IMAGE.test(line)) at++
    else if (FENCE.test(line)) {
      at++
      found.push({ kind: 'code', text: take((one) => !FENCE.test(one)).join('\n') })
      at++
    } else if (heading) {
      const inlines = inlinesOf(heading[2] ?? '')
      found.push({ kind: 'heading', level: heading[1]?.length ?? 1, id: anchor(inlines, anchors), inlines })
      at++
    } else if (TABLE.test(line)) {
      const [head = [], , ...rows] = take((one) => TABLE.test(one)).map(cells)
      found.push({ kind: 'table', head, rows })
    } else if (item) {
      const indent = item[1]?.length ?? 0
      const inside = take((one) => one === '' || one.startsWith(' '.repeat(indent + 1)) || isNext(item, ITEM.exec(one)))
      found.push({ kind: 'list', ordered: item[2] !== undefined, items: items(inside, indent).map(read) })
    } else found.push({ kind: 'paragraph', inlines: inlinesOf(take(isOfParagraph).join(' ')) })
  }
  return found
}

function isOfParagraph(line: string): boolean {
  return line.trim() !== '' && ![FENCE, HEADING, ITEM, TABLE, COMMENT].some((one) => one.test(line))
}

/** Whether an item is of the same list. */
function isNext(item: RegExpExecArray, other: RegExpExecArray | null): boolean {
  return other !== null && other[1] === item[1] && (other[2] === undefined) === (item[2] === undefined)
}

/** The lines of each item, without its mark and indentation. */
function items(lines: readonly string[], indent: number): string[][] {
  const found: string[][] = []
  let depth = 0
  for (const line of lines) {
    const item = ITEM.exec(line)
    if (item && item[1]?.length === indent) {
      depth = line.length - (item[3]?.length ?? 0)
      found.push([item[3] ?? ''])
    } else found.at(-1)?.push(line.slice(0, depth).trim() === '' ? line.slice(depth) : line.trimStart())
  }
  return found
}

function cells(line: string): Inline[][] {
  const parts = line.trim().replace(/^\|/, '').replace(/\|$/, '').split(/(?<!\\)\|/)
  return parts.map((part) => inlinesOf(part.trim().replaceAll('\\|', '|')))
}

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\[((?:`[^`]*`|[^\]])+)\]\(([^)\s]+)\)|<(https?:[^>\s]+)>|<br>/g

export function inlinesOf(text: string): Inline[] {
  const found: Inline[] = []
  let last = 0
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) found.push({ kind: 'text', text: text.slice(last, match.index) })
    last = match.index + match[0].length
    const [, , code, strong, label, href, address] = match
    if (code !== undefined) found.push({ kind: 'code', text: code })
    else if (strong !== undefined) found.push({ kind: 'strong', inlines: inlinesOf(strong) })
    else if (label !== undefined && href !== undefined) found.push({ kind: 'link', href, inlines: inlinesOf(label) })
    else if (address !== undefined) found.push({ kind: 'link', href: address, inlines: [{ kind: 'text', text: address }] })
    else found.push({ kind: 'text', text: ' ' })
  }
  if (last < text.length) found.push({ kind: 'text', text: text.slice(last) })
  return found
}

/** The words of a text alone. */
export function wordsOf(inlines: readonly Inline[]): string {
  return inlines.map((one) => ('text' in one ? one.text : wordsOf(one.inlines))).join('')
}

/** "What is hidden?" as links name it, `what-is-hidden`; of equal ones the second ends with `-1`. */
function anchor(inlines: readonly Inline[], taken: Map<string, number>): string {
  const id = wordsOf(inlines)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
  const before = taken.get(id)
  taken.set(id, (before ?? 0) + 1)
  return before === undefined ? id : `${id}-${before}`
}
