// Characters that act instead of being seen: controls, marks of direction, spaces without width,
// tags, halves of pairs, and fillers that are called letters. The terminal has the same rule
// (src/umbel/characters.py). Line breaks and tabs stay, and so do spaces of every width.
const UNSEEN =
  /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0]/gu

/** The text with what cannot be seen as its escape (`\x1b`, `\u202e`, `\U000e0041`). */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped)
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const [letter, width] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8]
  return `\\${letter}${code.toString(16).padStart(width, '0')}`
}
