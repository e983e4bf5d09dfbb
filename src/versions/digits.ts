/**
 * The order of two runs of decimal digits as numbers of any size: `left` from `leftFrom` up to `leftEnd`, and the same of
 * `right`. An empty run is zero. Nothing but digits may be between the bounds.
 */
export function compareDigits(
  left: string,
  leftFrom: number,
  leftEnd: number,
  right: string,
  rightFrom: number,
  rightEnd: number,
): -1 | 0 | 1 {
  let l = leftFrom
  let r = rightFrom
  while (l < leftEnd && left.charCodeAt(l) === ZERO) l += 1
  while (r < rightEnd && right.charCodeAt(r) === ZERO) r += 1
  const length = leftEnd - l
  if (length !== rightEnd - r) return length < rightEnd - r ? -1 : 1
  for (let i = 0; i < length; i += 1) {
    const difference = left.charCodeAt(l + i) - right.charCodeAt(r + i)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return 0
}

/** The end of the run of decimal digits that begins at `from`: `from` itself if there is none there. */
export function endOfDigits(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(text.charCodeAt(at))) at += 1
  return at
}

/** Whether a UTF-16 code is an ASCII digit. */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

const ZERO = 48
const NINE = 57
