/**
 * What went wrong, in the one shape that every error of the API has (RFC 9457), and that
 * errors of the way there are brought into.
 */

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** Where in the search text, in characters, when that is what is wrong. */
    readonly span: { start: number; end: number } | null = null,
    /** The nearest right word for that place. */
    readonly suggestion: string | null = null,
    /** The parameter or the field of the body that is wrong, when one is. */
    readonly parameter: string | null = null,
    /** The word for this kind of problem: "not-logged-in"; empty when the server gave none. */
    readonly kind: string = '',
  ) {
    super(detail || title)
    this.name = 'Problem'
  }

  /** Whether the same request can succeed later, with nothing changed. */
  get canPass(): boolean {
    return this.status === 0 || this.status === 429 || (this.status >= 500 && this.status !== 501)
  }

  get isNotFound(): boolean {
    return this.status === 404
  }
}

/** The problem that an answer's body tells of; `body` is whatever JSON came, or null. */
export function problemFrom(status: number, body: unknown): Problem {
  const fields = isRecord(body) ? body : {}
  const start = fields['position']
  const end = fields['end']
  return new Problem(
    status,
    text(fields['title']) ?? 'Umbel could not answer',
    text(fields['detail']) ?? `The server answered with status ${status} and no explanation.`,
    typeof start === 'number' ? { start, end: typeof end === 'number' ? end : start + 1 } : null,
    text(fields['suggestion']),
    text(fields['parameter']),
    text(fields['type'])?.split(':').at(-1) ?? '',
  )
}

/** The problem of a request that never got an answer. */
export function unreachable(): Problem {
  return new Problem(
    0,
    'Umbel does not answer',
    'The server cannot be reached. What you see is what was known before; the page keeps trying.',
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
