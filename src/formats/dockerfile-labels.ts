/** A word of an instruction: parts in quotes, escaped characters, anything else without blanks. */
const word = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs
/** A part of such a word. */
const part = /"((?:[^"\\]|\\.)*)"|'([^']*)'|((?:\\.|[^"'\\])+)/gs

/**
 * The labels that a Dockerfile sets, the last value of each (Dockerfile reference: LABEL, ENV, ARG, "Environment replacement").
 * References to variables are replaced by what ENV or ARG said before, or by nothing; modifiers such as `${name:-word}` are not
 * read, and give nothing.
 */
export function readDockerfileLabels(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  const variables = new Map<string, string>()
  for (const line of instructions(text)) {
    const [, keyword, rest] = /^\s*(LABEL|ENV|ARG)\s+(.*)$/is.exec(line) ?? []
    if (keyword === undefined) continue
    const target = keyword.toUpperCase() === 'LABEL' ? labels : variables
    for (const [name, value] of pairs(rest!)) {
      target.set(plain(name, variables), plain(value, variables))
    }
  }
  return labels
}

/** Lines, put together where one ends in a backslash, without comments. */
function instructions(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line))
  return lines
    .join('\n')
    .replace(/\\[ \t]*\n/g, ' ')
    .split('\n')
}

/** `a=b "c d"=e`, or of old `a the rest of the line`. */
function pairs(text: string): readonly (readonly [name: string, value: string])[] {
  const words = text.match(word) ?? []
  const first = words[0]
  if (first === undefined) return []
  if (equals(first) < 0) return [[first, text.slice(text.indexOf(first) + first.length).trim()]]
  return words.flatMap((one) => {
    const at = equals(one)
    return at < 0 ? [] : [[one.slice(0, at), one.slice(at + 1)] as const]
  })
}

/** The place of the `=` behind the name, which can be in quotes; -1 if there is none. */
function equals(text: string): number {
  const quoted = /^"(?:[^"\\]|\\.)*"|^'[^']*'/s.exec(text)
  return text.indexOf('=', quoted === null ? 0 : quoted[0].length)
}

/** Without quotes and escapes, and with variables replaced where quotes do not forbid it. */
function plain(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(part, (_, double?: string, single?: string, bare?: string) => {
    if (single !== undefined) return single
    return (double ?? bare!).replace(
      /\\(.)|\$(?:\{(\w{1,100})\b[^}]{0,200}\}|(\w+))/gs,
      (_all, escaped, braced, name) => (escaped === undefined ? (variables.get(braced ?? name) ?? '') : escaped),
    )
  })
}
