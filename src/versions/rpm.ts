import type { VersionScheme } from '../core/versions.ts'
import { compareDigits, endOfDigits, isDigit } from './digits.ts'

/**
 * RPM versions, `[epoch:]version[-release]`, in the order of rpm's own `rpmverCmp` (rpm-version(7)): no epoch is epoch 0, and
 * a version without a release comes before the same version with one. Only the empty string is no version.
 */
export const rpm: VersionScheme = {
  id: 'rpm',
  compare(left, right) {
    if (left === '' || right === '') return undefined
    if (left === right) return 0
    const leftColon = epochEnd(left)
    const rightColon = epochEnd(right)
    const epoch = compareDigits(left, 0, Math.max(leftColon, 0), right, 0, Math.max(rightColon, 0))
    if (epoch !== 0) return epoch
    const leftHyphen = left.lastIndexOf('-')
    const rightHyphen = right.lastIndexOf('-')
    const leftEnd = leftHyphen > leftColon ? leftHyphen : left.length
    const rightEnd = rightHyphen > rightColon ? rightHyphen : right.length
    const version = comparePart(left, leftColon + 1, leftEnd, right, rightColon + 1, rightEnd)
    if (version !== 0) return version
    if (leftEnd === left.length || rightEnd === right.length) {
      return leftEnd !== left.length ? 1 : rightEnd !== right.length ? -1 : 0
    }
    return comparePart(left, leftEnd + 1, left.length, right, rightEnd + 1, right.length)
  },
}

/** Where the colon behind the epoch is, or -1. Only digits make an epoch: in `a:1` the colon is part of the version. */
function epochEnd(text: string): number {
  const end = endOfDigits(text, 0, text.length)
  return text.charCodeAt(end) === COLON ? end : -1
}

/** rpmvercmp: segments of digits or letters, whatever stands between them; `~` before everything, `^` only after the end. */
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
  for (;;) {
    while (l < leftEnd && isSeparator(left.charCodeAt(l))) l += 1
    while (r < rightEnd && isSeparator(right.charCodeAt(r))) r += 1
    const leftCode = l < leftEnd ? left.charCodeAt(l) : END
    const rightCode = r < rightEnd ? right.charCodeAt(r) : END
    if (leftCode === TILDE || rightCode === TILDE) {
      if (leftCode !== rightCode) return leftCode === TILDE ? -1 : 1
      l += 1
      r += 1
      continue
    }
    if (leftCode === CARET || rightCode === CARET) {
      if (leftCode !== rightCode) return compareCaret(leftCode, rightCode)
      l += 1
      r += 1
      continue
    }
    if (leftCode === END || rightCode === END) return leftCode === rightCode ? 0 : leftCode === END ? -1 : 1
    const isNumber = isDigit(leftCode)
    if (isNumber !== isDigit(rightCode)) return isNumber ? 1 : -1
    const endOf = isNumber ? endOfDigits : endOfLetters
    const leftSegmentEnd = endOf(left, l, leftEnd)
    const rightSegmentEnd = endOf(right, r, rightEnd)
    const compare = isNumber ? compareDigits : compareLetters
    const result = compare(left, l, leftSegmentEnd, right, r, rightSegmentEnd)
    if (result !== 0) return result
    l = leftSegmentEnd
    r = rightSegmentEnd
  }
}

/** One of the two is a caret: it comes after the end, and before anything else. */
function compareCaret(leftCode: number, rightCode: number): -1 | 1 {
  if (leftCode === END) return -1
  if (rightCode === END) return 1
  return leftCode === CARET ? -1 : 1
}

function compareLetters(
  left: string,
  leftFrom: number,
  leftEnd: number,
  right: string,
  rightFrom: number,
  rightEnd: number,
): -1 | 0 | 1 {
  const leftLength = leftEnd - leftFrom
  const rightLength = rightEnd - rightFrom
  const length = Math.min(leftLength, rightLength)
  for (let i = 0; i < length; i += 1) {
    const difference = left.charCodeAt(leftFrom + i) - right.charCodeAt(rightFrom + i)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return leftLength === rightLength ? 0 : leftLength < rightLength ? -1 : 1
}

function endOfLetters(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isLetter(text.charCodeAt(at))) at += 1
  return at
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

function isSeparator(code: number): boolean {
  return !isDigit(code) && !isLetter(code) && code !== TILDE && code !== CARET
}

const END = -1
const COLON = 58
const CARET = 94
const TILDE = 126
