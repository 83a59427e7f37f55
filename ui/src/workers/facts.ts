/** What is said of one thing: its label and a few words or numbers with their units. */
export type Fact = [label: string, words: string]

/** Those of which something is known. */
export function withoutGaps(facts: readonly (readonly [label: string, words: string | null])[]): Fact[] {
  return facts.flatMap(([label, words]) => (words === null ? [] : [[label, words] satisfies Fact]))
}
