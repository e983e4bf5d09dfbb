import type { VersionScheme } from '../core/versions.ts'
import { compareDigits, endOfDigits, isDigit } from './digits.ts'

/**
 * Alpine versions, `1.2.3a_rc1~hash-r0`: numbers with dots, one letter, suffixes, the hash of a commit, the revision of the
 * package (apk-package(5)), in the order of `apk version -t` of apk-tools 3. What `apk version -c` refuses is no version.
 * Numbers may have any size (apk wraps around at 2^64).
 */
export const apk: VersionScheme = {
  id: 'apk',
  compare(left, right) {
    const l: Cursor = { text: left, token: NUMBER, from: 0, end: 0, suffix: 0 }
    const r: Cursor = { text: right, token: NUMBER, from: 0, end: 0, suffix: 0 }
    readNumber(l, FIRST_NUMBER, 0)
    readNumber(r, FIRST_NUMBER, 0)
    let result = 0 as -1 | 0 | 1
    while (l.token === r.token && l.token < END) {
      result = compareToken(l, r)
      if (result !== 0) break
      next(l)
      next(r)
    }
    if (result === 0) result = compareRest(l, r)
    return isValid(l) && isValid(r) ? result : undefined
  },
}

/** The token that begins or ends here, and where its value is. Tokens stand in the order in which they may follow. */
interface Cursor {
  readonly text: string
  token: number
  from: number
  end: number
  suffix: number
}

const FIRST_NUMBER = 0
const NUMBER = 1
const LETTER = 2
const SUFFIX = 3
const SUFFIX_NUMBER = 4
const COMMIT = 5
const REVISION = 6
const END = 7
const INVALID = 8

/** In their order. The ones below 0 come before the version without a suffix. */
const suffixes: ReadonlyMap<string, number> = new Map([
  ['alpha', -4],
  ['beta', -3],
  ['pre', -2],
  ['rc', -1],
  ['cvs', 1],
  ['svn', 2],
  ['git', 3],
  ['hg', 4],
  ['p', 5],
])

function next(cursor: Cursor): void {
  const { text, end, token } = cursor
  if (end === text.length) {
    cursor.token = END
    return
  }
  const code = text.charCodeAt(end)
  if (code === DOT && token <= NUMBER) readNumber(cursor, NUMBER, end + 1)
  else if (isDigit(code) && token === SUFFIX) readNumber(cursor, SUFFIX_NUMBER, end)
  else if (code === HYPHEN && token < REVISION && text.charCodeAt(end + 1) === LETTER_R)
    readNumber(cursor, REVISION, end + 2)
  else if (isLowerCase(code) && token <= NUMBER) read(cursor, LETTER, end, end + 1)
  else if (code === UNDERSCORE && token <= SUFFIX_NUMBER) readSuffix(cursor, end + 1)
  else if (code === TILDE && token < COMMIT) readCommit(cursor, end + 1)
  else cursor.token = INVALID
}

function readNumber(cursor: Cursor, token: number, from: number): void {
  const end = endOfDigits(cursor.text, from, cursor.text.length)
  read(cursor, end === from ? INVALID : token, from, end)
}

function readSuffix(cursor: Cursor, from: number): void {
  let end = from
  while (isLowerCase(cursor.text.charCodeAt(end))) end += 1
  const suffix = suffixes.get(cursor.text.slice(from, end))
  cursor.suffix = suffix ?? 0
  read(cursor, suffix === undefined ? INVALID : SUFFIX, from, end)
}

function readCommit(cursor: Cursor, from: number): void {
  let end = from
  while (isHexadecimal(cursor.text.charCodeAt(end))) end += 1
  read(cursor, end === from ? INVALID : COMMIT, from, end)
}

function read(cursor: Cursor, token: number, from: number, end: number): void {
  cursor.token = token
  cursor.from = from
  cursor.end = end
}

function compareToken(l: Cursor, r: Cursor): -1 | 0 | 1 {
  if (l.token === SUFFIX) return l.suffix === r.suffix ? 0 : l.suffix < r.suffix ? -1 : 1
  const isText =
    l.token === LETTER || l.token === COMMIT || (l.token === NUMBER && (startsWithZero(l) || startsWithZero(r)))
  if (isText) return compareText(l, r)
  return compareDigits(l.text, l.from, l.end, r.text, r.from, r.end)
}

/** A number behind the first one that begins with a zero is compared as a fraction, so that 1.05 comes before 1.1. */
function startsWithZero(cursor: Cursor): boolean {
  return cursor.text.charCodeAt(cursor.from) === ZERO
}

function compareText(l: Cursor, r: Cursor): -1 | 0 | 1 {
  const leftLength = l.end - l.from
  const rightLength = r.end - r.from
  const length = Math.min(leftLength, rightLength)
  for (let i = 0; i < length; i += 1) {
    const difference = l.text.charCodeAt(l.from + i) - r.text.charCodeAt(r.from + i)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return leftLength === rightLength ? 0 : leftLength < rightLength ? -1 : 1
}

/** All that both have is equal: the longer one is the newer one, unless it goes on with a pre-release suffix. */
function compareRest(l: Cursor, r: Cursor): -1 | 0 | 1 {
  if (l.token === r.token) return 0
  if (l.token === SUFFIX && l.suffix < 0) return -1
  if (r.token === SUFFIX && r.suffix < 0) return 1
  return l.token > r.token ? -1 : 1
}

function isValid(cursor: Cursor): boolean {
  while (cursor.token < END) next(cursor)
  return cursor.token === END
}

function isLowerCase(code: number): boolean {
  return code >= 97 && code <= 122
}

function isHexadecimal(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102)
}

const HYPHEN = 45
const DOT = 46
const ZERO = 48
const UNDERSCORE = 95
const LETTER_R = 114
const TILDE = 126
