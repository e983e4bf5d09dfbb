/** What a server wants to be authorized by (RFC 9110, 11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const parameter = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y
const separator = /[ \t,]*/y

/** The most characters of a header that are read. */
const maxLength = 16 * 1024

/** Reads a `WWW-Authenticate` header with one or more challenges. What is not understood ends it. */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, maxLength)
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < text.length) {
    take(separator)
    const pair = take(parameter)
    if (pair !== null) {
      const value = pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? ''
      const last = challenges.at(-1)
      if (last !== undefined) last.parameters[pair[1]!.toLowerCase()] = value
      continue
    }
    const scheme = take(token)
    if (scheme === null) break
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: {} })
  }
  return challenges
}
