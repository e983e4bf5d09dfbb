/**
 * The candidate that `word` most likely means: one that begins with it, else the one with the fewest edits, if they are few
 * for its length.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase()
  const longer = lower.length < 3 ? undefined : candidates.find((name) => name.toLowerCase().startsWith(lower))
  if (longer !== undefined) return longer
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(lower, candidate.toLowerCase()) }))
    .sort((left, right) => left.edits - right.edits)
  const [best] = ranked
  return best !== undefined && best.edits <= Math.max(2, Math.ceil(lower.length / 2)) ? best.candidate : undefined
}

/** How many characters have to be put in, taken out or replaced (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + Number(left[i - 1] !== right[j - 1])
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[right.length]!
}
