import type { VersionScheme } from '../core/versions.ts'
import { compareDigits, endOfDigits, isDigit } from './digits.ts'

/**
 * Debian versions, `[epoch:]upstream[-revision]` (deb-version(7)), in the order of `dpkg --compare-versions`. What dpkg
 * only warns about (characters that are not allowed, a letter at the beginning) is ordered as dpkg orders it; what it refuses
 * (an epoch that is no number, an empty part, a blank inside) is no version. Neither is the empty string, which dpkg takes
 * for "no version at all".
 */
export const dpkg: VersionScheme = {
  id: 'dpkg',
  compare(left, right) {
    const l = parse(left)
    const r = parse(right)
    if (l === undefined || r === undefined) return undefined
    if (l.epoch !== r.epoch) return l.epoch < r.epoch ? -1 : 1
    return (
      comparePart(left, l.upstreamFrom, l.upstreamEnd, right, r.upstreamFrom, r.upstreamEnd) ||
      comparePart(left, l.revisionFrom, l.revisionEnd, right, r.revisionFrom, r.revisionEnd)
    )
  },
}

/** Where the parts of a version are in its text. */
interface Parts {
  readonly epoch: number
  readonly upstreamFrom: number
  readonly upstreamEnd: number
  readonly revisionFrom: number
  readonly revisionEnd: number
}

const MAX_EPOCH = 2 ** 31 - 1

/** What isspace(3) takes for white space. */
const blank = /[\t-\r ]/

function parse(text: string): Parts | undefined {
  let from = 0
  let end = text.length
  if (blank.test(text)) {
    while (from < end && blank.test(text[from]!)) from += 1
    while (end > from && blank.test(text[end - 1]!)) end -= 1
    if (blank.test(text.slice(from, end))) return undefined
  }
  const colon = text.indexOf(':', from)
  let epoch = 0
  if (colon >= 0 && colon < end) {
    epoch = parseEpoch(text, from, colon)
    from = colon + 1
  }
  const hyphen = text.lastIndexOf('-', end - 1)
  const hasRevision = hyphen >= from
  const upstreamEnd = hasRevision ? hyphen : end
  if (epoch < 0 || upstreamEnd === from || (hasRevision && hyphen + 1 === end)) return undefined
  return {
    epoch,
    upstreamFrom: from,
    upstreamEnd,
    revisionFrom: hasRevision ? hyphen + 1 : end,
    revisionEnd: end,
  }
}

/** The epoch, or -1 if it is none. It is read by strtol(3), so it may have a sign. */
function parseEpoch(text: string, from: number, end: number): number {
  const sign = text.charCodeAt(from)
  const digits = sign === PLUS || sign === MINUS ? from + 1 : from
  if (digits === end || endOfDigits(text, digits, end) !== end) return -1
  const epoch = Number(text.slice(digits, end))
  if (epoch > MAX_EPOCH || (sign === MINUS && epoch !== 0)) return -1
  return epoch
}

/** Turn by turn, what is not a number by `order`, then a number by its value. */
function comparePart(
  left: string,
  leftFrom: number,
  leftEnd: number,
  right: string,
  rightFrom: number,
  rightEnd: number,
): -1 | 0 | 1 {
  let l = leftFrom
  let r = rightFrom
  while (l < leftEnd || r < rightEnd) {
    for (;;) {
      const leftOrder = order(left, l, leftEnd)
      const rightOrder = order(right, r, rightEnd)
      if (leftOrder !== rightOrder) return leftOrder < rightOrder ? -1 : 1
      if (leftOrder === 0) break
      l += 1
      r += 1
    }
    const leftDigitsEnd = endOfDigits(left, l, leftEnd)
    const rightDigitsEnd = endOfDigits(right, r, rightEnd)
    const result = compareDigits(left, l, leftDigitsEnd, right, r, rightDigitsEnd)
    if (result !== 0) return result
    l = leftDigitsEnd
    r = rightDigitsEnd
  }
  return 0
}

/** A tilde sorts before the end of the part, that (and a digit) before letters, letters before everything else. */
function order(text: string, at: number, end: number): number {
  if (at >= end) return 0
  const code = text.charCodeAt(at)
  if (isDigit(code)) return 0
  if (code === TILDE) return -1
  if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122)) return code
  return code + 256
}

const PLUS = 43
const MINUS = 45
const TILDE = 126
