import type { FixState } from '../../core/advisory.ts'
import { detached, type OvalCriteria, type OvalCriterion } from '../../feeds/oval.ts'

/** What a comment of a criterion says of a source package. */
export interface Comment {
  /** The source package. */
  readonly name: string
  /** `fixed`: in the version that the test names. */
  readonly fix: FixState
  readonly note: string | undefined
}

/** A comment and the id of the test that holds its version. */
export interface Claim {
  readonly comment: Comment
  readonly test: string
}

interface Phrase {
  readonly pattern: RegExp
  readonly fix: FixState
  /** Said where the state alone would mislead. */
  readonly note?: string
}

const pending = 'the update with the fix is not published yet'

/**
 * The phrases of Canonical's generator (ubuntu-cve-tracker, `scripts/oval_lib.py`), each a status of the tracker:
 * released, not-affected with the first such version, needed, needs-triage, deferred, pending, released without a
 * version, not-affected, an unknown status. `ignored` is below.
 */
const phrases: readonly Phrase[] = [
  { pattern: /^ was vulnerable but has been fixed/, fix: 'fixed' },
  { pattern: /^, is related to the CVE in some way and has been fixed/, fix: 'fixed' },
  { pattern: /^ is affected and needs fixing/, fix: 'open' },
  { pattern: /^ is affected and may need fixing/, fix: 'undetermined' },
  { pattern: /^ is affected, but a decision has been made to defer addressing it/, fix: 'deferred' },
  { pattern: /^ is affected\. An update containing the fix has been completed/, fix: 'fixed', note: pending },
  {
    pattern: /^ was vulnerable and has been fixed, but no release version/,
    fix: 'undetermined',
    note: 'it is fixed, but Ubuntu does not state in which version',
  },
  { pattern: /^, while related to the CVE in some way, is not affected/, fix: 'not-affected' },
  { pattern: /^ has a vulnerability that is not known/, fix: 'undetermined' },
]

const ignored = /^([^\s:]+): while related to the CVE in some way, a decision has been made to ignore this issue(.*)$/s
const statement = /^(\S+) package in \S+?(?=[, ])(.*)$/s
const noteOfComment = /\(note: '(.*)'\)\.?$/s

/** What a comment says; `undefined` if it is not a phrase that is known. */
function readComment(comment: string): Comment | undefined {
  const [, ignoredName, ignoredRest] = ignored.exec(comment) ?? []
  if (ignoredName !== undefined) return ignoredComment(ignoredName, noteOf(ignoredRest!))
  const [, name, rest] = statement.exec(comment) ?? []
  if (name === undefined) return undefined
  const phrase = phrases.find(({ pattern }) => pattern.test(rest!))
  if (phrase === undefined) return undefined
  const { fix, note = remarkOf(fix, noteOf(rest!)) } = phrase
  return { name, fix, note }
}

function noteOf(text: string): string | undefined {
  return noteOfComment.exec(text)?.[1]
}

/** A note that is worth reading: not a version, which is in the test, and not a date. */
function remarkOf(fix: FixState, note: string | undefined): string | undefined {
  return note === undefined || fix === 'fixed' || /^\d\S*$/.test(note) ? undefined : note
}

/** Ignored for lack of support, or by a decision. `ESM criteria` is one: it is not bad enough to be fixed for Ubuntu Pro. */
function ignoredComment(name: string, note: string | undefined): Comment {
  const unsupported =
    /end[- ]of[- ](?:life|standard support)|out of standard support|no longer supported|not supported/i
  const fix = note !== undefined && unsupported.test(note) ? 'end-of-life' : 'will-not-fix'
  return { name, fix, note }
}

/** What the criteria of a definition claim, and the comments that could not be understood. */
export interface Claims {
  readonly claims: readonly Claim[]
  readonly unread: readonly string[]
}

/** Turns criteria into claims. Most comments and tests come again and again, and are held once. */
export class ClaimReader {
  readonly #comments = new Map<string, Comment | undefined>()
  readonly #tests = new Map<string, string>()

  read(criteria: OvalCriteria | undefined): Claims {
    const claims: Claim[] = []
    const unread: string[] = []
    if (criteria !== undefined) this.#collect(criteria, claims, unread)
    return { claims, unread }
  }

  #collect(criteria: OvalCriteria, claims: Claim[], unread: string[]): void {
    const kernel = kernelOf(criteria)
    if (kernel !== undefined) {
      claims.push({ comment: this.#comment(kernel.comment, kernelComment)!, test: this.#test(kernel.test) })
      return
    }
    for (const { comment, test, negate } of criteria.criterions) {
      const read = this.#comment(comment, readComment)
      if (read === undefined || negate !== (read.fix === 'not-affected')) unread.push(detached(comment))
      else claims.push({ comment: read, test: this.#test(test) })
    }
    for (const inner of criteria.criteria) this.#collect(inner, claims, unread)
  }

  #comment(text: string, read: (text: string) => Comment | undefined): Comment | undefined {
    const known = this.#comments.get(text)
    if (known !== undefined || this.#comments.has(text)) return known
    const kept = detached(text)
    const comment = read(kept)
    this.#comments.set(kept, comment)
    return comment
  }

  #test(id: string): string {
    const known = this.#tests.get(id)
    if (known !== undefined) return known
    const kept = detached(id)
    this.#tests.set(kept, kept)
    return kept
  }
}

const runningKernel = /^Is kernel (\S+) running\??$/

/**
 * The fix of a kernel, which newer documents state as two tests of the running machine: `Is kernel linux-aws running` and
 * `kernel version comparison`. The second one has the version, without its last part; for packages it means the same.
 */
function kernelOf({ operator, criterions, criteria }: OvalCriteria): OvalCriterion | undefined {
  const [running, version] = criterions
  if (operator !== 'AND' || criterions.length !== 2 || criteria.length > 0) return undefined
  if (!runningKernel.test(running!.comment) || version!.comment !== 'kernel version comparison') return undefined
  return { comment: running!.comment, test: version!.test, negate: false }
}

function kernelComment(comment: string): Comment {
  return { name: runningKernel.exec(comment)![1]!, fix: 'fixed', note: undefined }
}
