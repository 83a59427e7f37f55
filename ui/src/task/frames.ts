/** The frames of a traceback: read, folded where they are a library's, and shortened for people. */

export interface Frame {
  file: string
  line: number
  name: string
  /** The lines of source below, as they came, without their common indent. */
  code: string
  library: boolean
  /** So many more frames were the same. */
  repeated: number
}

/** Neighbours in a section that are folded together, or all stand open. */
export interface Group {
  library: boolean
  /** The middle of a traceback too long to be read: whoever's frames these are. */
  between: boolean
  frames: Frame[]
}

/** A line of source, and the part of it that carets below it point at. */
export interface SourceLine {
  before: string
  marked: string
  after: string
}

/** Of a longer section the ends are shown: where it came from, and what led to the error. */
const LONG = 48
const FIRST = 8
const LAST = 24

const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/
const REPEATED = /^ {2}\[Previous line repeated (\d+) more times?\]$/
const LIBRARY = /[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|^<frozen /

/** The frames that begin at a line, until one that is not indented; null where they have no shape. */
export function framesIn(lines: readonly string[], start: number): { groups: Group[]; next: number } | null {
  const frames: Frame[] = []
  const code: string[][] = []
  let at = start
  for (; at < lines.length && lines[at]?.startsWith('  '); at++) {
    const line = lines[at] ?? ''
    const head = FRAME.exec(line)
    const last = frames.at(-1)
    const repeated = REPEATED.exec(line)
    if (head) {
      frames.push(frame(head))
      code.push([])
    } else if (!last) return null
    else if (repeated) last.repeated = Number(repeated[1])
    else code.at(-1)?.push(line.replace(/^ {4}/, ''))
  }
  frames.forEach((one, index) => (one.code = code[index]?.join('\n') ?? ''))
  return { groups: frameGroups(frames), next: at }
}

function frame(head: RegExpExecArray): Frame {
  const file = head[1] ?? ''
  return { file, line: Number(head[2]), name: head[3] ?? '', code: '', library: LIBRARY.test(file), repeated: 0 }
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
export function sourceOf(code: string): SourceLine[] {
  const lines = code.split('\n')
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map(indentOf), Infinity)
  const source: SourceLine[] = []
  lines.forEach((line, index) => {
    const carets = lines[index + 1] ?? ''
    if (isCarets(line) && index > 0) return
    if (line.trim() === '') return
    source.push(isCarets(carets) ? marked(line, carets, indent) : { before: line.slice(indent).trimEnd(), marked: '', after: '' })
  })
  return source
}

function marked(line: string, carets: string, indent: number): SourceLine {
  const start = indentOf(carets)
  const end = carets.trimEnd().length
  return { before: line.slice(Math.min(indent, start), start), marked: line.slice(start, end), after: line.slice(end).trimEnd() }
}

function isCarets(line: string): boolean {
  return /^[\s~^]*$/.test(line) && /[~^]/.test(line)
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

/** The folder that the application's own frames have in common, with its "/"; "" for none. */
export function commonFolder(frames: readonly Frame[]): string {
  const folders = frames.filter((one) => !one.library && one.file.includes('/')).map(({ file }) => file.split('/').slice(0, -2))
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

/** "celery, urllib3": whose frames a group has. */
export function libraries(group: Group): string {
  const names = group.frames.map(({ file }) => {
    const inside = file.split(/[/\\](?:site|dist)-packages[/\\]/)[1]
    return inside?.split(/[/\\]/)[0]?.replace(/\.py$/, '') ?? 'Python'
  })
  return [...new Set(names)].join(', ')
}
