/** Python tracebacks, read into frames so that those of libraries can be folded away. */

export interface Frame {
  file: string
  line: number
  name: string
  /** The lines of source below, as they came, without their common indent. */
  code: string
  library: boolean
}

/** Neighbours in a section that are folded together, or all stand open. */
export interface Group {
  library: boolean
  /** The middle of a traceback too long to be read: whoever's frames these are. */
  between: boolean
  frames: Frame[]
}

/** One exception of a chain. */
export interface Section {
  groups: Group[]
  /** "ValueError: no such order", with whatever lines belong to it. */
  error: string
  /** The sentence that joins it to the next exception, which it led to. */
  link: string | null
}

/** A line of source, and the part of it that carets below it point at. */
export interface Source {
  before: string
  marked: string
  after: string
  /** Further lines, as they came. */
  more: string
}

/** Of a longer section the ends are shown: where it came from, and what led to the error. */
const LONG = 48
const FIRST = 8
const LAST = 24

const START = 'Traceback (most recent call last):'
const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/
const REPEATED = /^ {2}\[Previous line repeated (\d+) more times?\]$/
const LINKS = new Set([
  'The above exception was the direct cause of the following exception:',
  'During handling of the above exception, another exception occurred:',
])
const LIBRARY = /[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|^<frozen /

/** The chain of exceptions, first cause first, or null when the text is no plain traceback. */
export function parseTraceback(text: string): Section[] | null {
  const lines = text.replace(/\s+$/, '').split('\n')
  const sections: Section[] = []
  let at = 0
  while (at < lines.length) {
    if (lines[at]?.trim() === '') {
      at++
      continue
    }
    if (lines[at] !== START) return null
    const section = readSection(lines, at + 1)
    if (section === null) return null
    sections.push(section.section)
    at = section.next
  }
  return sections.length > 0 ? sections : null
}

function readSection(lines: readonly string[], start: number): { section: Section; next: number } | null {
  let at = start
  const frames: Frame[] = []
  for (; at < lines.length && lines[at]?.startsWith('  '); at++) {
    const line = lines[at] ?? ''
    const head = FRAME.exec(line)
    const last = frames.at(-1)
    if (head) frames.push(frame(head))
    else if (!last) return null
    else if (REPEATED.test(line)) last.code = `${last.code}\n${line.trim()}`.trim()
    else last.code += `${last.code === '' ? '' : '\n'}${line.replace(/^ {4}/, '')}`
  }
  const error: string[] = []
  let link: string | null = null
  for (; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (LINKS.has(line)) {
      link = line
      at++
      break
    }
    if (line === START) break
    error.push(line)
  }
  if (frames.length === 0 && error.length === 0) return null
  return { section: { groups: frameGroups(frames), error: error.join('\n').trim(), link }, next: at }
}

function frame(head: RegExpExecArray): Frame {
  const file = head[1] ?? ''
  return { file, line: Number(head[2]), name: head[3] ?? '', code: '', library: LIBRARY.test(file) }
}

/** The groups of a section; of a long one the middle is a single group. */
function frameGroups(frames: Frame[]): Group[] {
  if (frames.length <= LONG) return grouped(frames)
  const middle = frames.slice(FIRST, -LAST)
  return [
    ...grouped(frames.slice(0, FIRST)),
    { library: false, between: true, frames: middle },
    ...grouped(frames.slice(-LAST)),
  ]
}

/** Runs of frames. The last frame, where it was raised, stands open whoever's it is. */
function grouped(frames: readonly Frame[]): Group[] {
  const groups: Group[] = []
  frames.forEach((one, index) => {
    const library = one.library && index < frames.length - 1
    const last = groups.at(-1)
    if (last?.library === library) last.frames.push(one)
    else groups.push({ library, between: false, frames: [one] })
  })
  return groups
}

/** The source of a frame: `    x = ask()` over `        ^^^^^` marks `ask()`. */
export function sourceOf(code: string): Source {
  const [line = '', carets = '', ...more] = code.split('\n')
  const indent = line.length - line.trimStart().length
  if (!/^\s*[~^]+[~^\s]*$/.test(carets)) {
    return { before: line.trim(), marked: '', after: '', more: [carets, ...more].filter(Boolean).join('\n') }
  }
  const start = carets.search(/\S/)
  const end = carets.trimEnd().length
  return {
    before: line.slice(indent, start),
    marked: line.slice(start, end),
    after: line.slice(end).trimEnd(),
    more: more.join('\n'),
  }
}

/** The folder that the application's own frames have in common, with its "/"; "" for none. */
export function commonFolder(sections: readonly Section[]): string {
  const own = sections.flatMap(({ groups }) => groups.flatMap(({ frames }) => frames.filter((one) => !one.library)))
  const folders = own.map(({ file }) => file.split('/').slice(0, -2))
  const [first = []] = folders
  const end = first.findIndex((part, at) => folders.some((folder) => folder[at] !== part))
  const common = end < 0 ? first : first.slice(0, end)
  return common.length > 1 ? `${common.join('/')}/` : ''
}

/** A file as a traceback needs it: below the application's folder, or inside its library. */
export function shortFile(file: string, folder: string): string {
  if (!LIBRARY.test(file)) return folder !== '' && file.startsWith(folder) ? file.slice(folder.length) : file
  return file.replace(/^.*[/\\](?:(?:site|dist)-packages|lib[/\\]python[\d.]+)[/\\]/, '')
}

/** Whether an error, as a traceback ends with it, says no more than the exception's repr. */
export function isSameMessage(error: string, exception: string): boolean {
  const [, name, message = ''] = /^(?:[\w.]*\.)?(\w+)(?:: (.*))?$/s.exec(error) ?? []
  if (name === undefined || !exception.startsWith(`${name}(`)) return false
  const bare = (text: string): string => text.replace(/\\.|['"\s]/g, '')
  return bare(exception).includes(bare(message))
}

/** "celery, urllib3": whose frames a group has. */
export function libraries(group: Group): string {
  const names = group.frames.map(({ file }) => {
    const inside = file.split(/[/\\](?:site|dist)-packages[/\\]/)[1]
    return inside?.split(/[/\\]/)[0]?.replace(/\.py$/, '') ?? 'Python'
  })
  return [...new Set(names)].join(', ')
}
