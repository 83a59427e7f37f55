/** Bodies of requests, in which a person's own JSON stands exactly as it was written. */

/** JSON text that goes into a body as it is. */
export class Raw {
  constructor(readonly text: string) {}
}

/** As `JSON.stringify`, with every `Raw` as its text. */
export function encode(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map((one) => encode(one ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, one]) => one !== undefined)
    return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${encode(one)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
