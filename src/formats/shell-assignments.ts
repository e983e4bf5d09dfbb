import { limits } from '../core/limits.ts'

/**
 * The variables that a file of shell assignments sets (os-release(5), lsb-release): `NAME=value`, single and double quotes,
 * backslashes, comments. Nothing is expanded. The last assignment of a name counts. A value longer than
 * `limits.packageFieldBytes` is left out, as is a line that is no assignment.
 */
export function readAssignments(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const [, name, raw] of text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w{0,99})=([^\r\n]*)/gm)) {
    if (raw!.length <= limits.packageFieldBytes) variables.set(name!, unquote(raw!).trim())
  }
  return variables
}

/** To the end of the line, blanks included, as systemd reads it. A quote that is not closed ends with the line. */
function unquote(raw: string): string {
  let value = ''
  let quote = ''
  for (let i = 0; i < raw.length; i += 1) {
    const character = raw[i]!
    if (quote === "'") {
      if (character === "'") quote = ''
      else value += character
    } else if (character === '\\' && (quote === '' || '"\\$`'.includes(raw[i + 1] ?? ''))) {
      i += 1
      value += raw[i] ?? ''
    } else if (character === '"') {
      quote = quote === '"' ? '' : '"'
    } else if (quote === '' && character === "'") {
      quote = "'"
    } else {
      value += character
    }
  }
  return value
}
