/** Patterns of names: `*` stands for any characters, `?` for any one; case differs. */

/** Whether the whole text fits the pattern, in time that is bounded by the product of their lengths. */
export function fits(pattern: string, text: string): boolean {
  const [wanted, given] = [[...pattern], [...text]]
  let [at, from] = [0, 0]
  /** The last star, and where in the text what follows it was tried. */
  let star = -1
  let tried = 0
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = at++
      tried = from
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[from])) {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++tried
    } else return false
  }
  return wanted.slice(at).every((one) => one === '*')
}
