import type { FleetFinding, Judgement } from '../core/fleet.ts'
import { bodyHash } from './body-hash.ts'
import { encodeAbout, encodeBody, encodeGaps, keyHash } from './fleet-row.ts'

/** How often packages are judged anew because the data has changed meanwhile. */
const attempts = 5

/** What is to be written of packages that were judged. */
export interface Written {
  readonly operation: number
  /** By what they are judged now; `undefined`: they stay unjudged. */
  readonly rules: string | undefined
}

/**
 * Judges until the data is the same before and after, a few times at most: `find` looks, and `write` writes what it found, or gives
 * `undefined` if the data has changed and it is not `last`, or something else is to be found.
 */
export async function judgeUntilSame<Found, Result>(
  find: () => Promise<Found>,
  write: (found: Found, last: boolean) => Promise<Result | undefined>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const written = await write(await find(), attempt >= attempts)
    if (written !== undefined) return written
  }
}

/** A finding that is open, with the hashes of its texts. */
export type OpenFinding = readonly [
  id: number,
  number: number,
  vulnerability: string,
  bodyHash: number,
  aboutHash: number,
  /** Whether it is open under this one id only; asked of what was judged by its id. */
  alone: boolean | number,
]

/** A text and its hash. */
interface HashedText {
  readonly text: string
  readonly hash: number
}

/** A finding to open. */
export interface NewFinding {
  readonly package: number
  readonly vulnerability: string
  /** All ids that it is found by. */
  readonly names: readonly string[]
  readonly body: HashedText
  readonly about: HashedText
}

/** What judging changes. */
export interface JudgementDifference {
  readonly opened: readonly NewFinding[]
  /** Findings by their ids. */
  readonly closed: readonly number[]
  /** Findings that only describe their vulnerability otherwise. */
  readonly described: readonly { readonly id: number; readonly about: HashedText }[]
  /** The packages of these. */
  readonly packages: readonly number[]
}

/** What is known of a package that is judged. */
export interface KnownPackage {
  readonly isJudged: boolean
  /** Judged by the same rules and without gaps: some vulnerabilities of it can be judged by themselves. */
  readonly isDivisible: boolean
}

/** Whether to write what was found in a package: what was found too late only where nobody has judged it. */
export function isWanted(known: KnownPackage | undefined, isLate: boolean): boolean {
  return known !== undefined && !(isLate && known.isJudged)
}

/** The packages of which some vulnerabilities were judged that cannot be by themselves. */
export function notAlone(
  judgements: readonly Judgement[],
  there: ReadonlyMap<number, KnownPackage>,
  open: readonly OpenFinding[],
): ReadonlySet<number> {
  const joined = new Set(open.filter((row) => !row[5]).map(([, number]) => number))
  const some = judgements.filter(({ only }) => only !== undefined).map(({ number }) => number)
  return new Set(some.filter((number) => joined.has(number) || there.get(number)?.isDivisible !== true))
}

/** The difference between what is open in packages and what was found in them. */
export function findingDifference(judgements: readonly Judgement[], open: readonly OpenFinding[]): JudgementDifference {
  const known = new Map<number, Map<string, OpenFinding>>(judgements.map(({ number }) => [number, new Map()]))
  for (const row of open) known.get(row[1])!.set(row[2], row)
  const aboutOf = aboutHasher()
  const opened: NewFinding[] = []
  const closed: number[] = []
  const described: { id: number; about: HashedText }[] = []
  const packages = new Set<number>()
  for (const { number, findings } of judgements) {
    const own = known.get(number)!
    for (const finding of findings) {
      const vulnerability = finding.id
      const text = encodeBody(finding)
      const body = { text, hash: bodyHash(text) }
      const about = aboutOf(finding)
      const [id, , , bodyBefore, aboutBefore] = own.get(stored(vulnerability)) ?? []
      own.delete(stored(vulnerability))
      const isSame = bodyBefore === body.hash
      if (isSame && aboutBefore === about.hash) continue
      packages.add(number)
      if (id !== undefined && isSame) described.push({ id, about })
      else
        opened.push({
          package: number,
          vulnerability,
          names: [...new Set([vulnerability, ...finding.aliases])],
          body,
          about,
        })
      if (id !== undefined && !isSame) closed.push(id)
    }
    for (const [id] of own.values()) {
      closed.push(id)
      packages.add(number)
    }
  }
  return { opened, closed, described, packages: [...packages].sort(byNumber) }
}

/** A text as databases give it back. */
function stored(text: string): string {
  return text.toWellFormed()
}

/** What findings say about their vulnerabilities, hashed once for all packages that have them. */
function aboutHasher(): (finding: FleetFinding) => HashedText {
  const known = new Map<string, { readonly links: readonly string[]; readonly about: HashedText }[]>()
  return ({ description, links }) => {
    const same = known.get(description) ?? []
    known.set(description, same)
    const found = same.find(
      (one) => one.links.length === links.length && one.links.every((link, at) => link === links[at]),
    )
    if (found !== undefined) return found.about
    const text = encodeAbout({ description, links })
    const about = { text, hash: bodyHash(text) }
    same.push({ links, about })
    return about
  }
}

/** What one package is to have beside its findings. */
export interface PackageState {
  readonly number: number
  readonly gaps: string | null
}

export function packageStates(judgements: readonly Judgement[]): readonly PackageState[] {
  return judgements.map(({ number, gaps }) => ({ number, gaps: encodeGaps(gaps) }))
}

/** A package's key. */
export type KeyRow = readonly [key: number, number: number]

/** The keys that packages are to have and do not, and those that they have and are not to. */
export function keyDifference(
  judgements: readonly Judgement[],
  there: readonly KeyRow[],
): { readonly added: readonly KeyRow[]; readonly removed: readonly KeyRow[] } {
  const known = new Map(there.map((row) => [row.join(' '), row]))
  const added: KeyRow[] = []
  for (const { number, keys } of judgements) {
    for (const key of new Set(keys.map(keyHash))) if (!known.delete(`${key} ${number}`)) added.push([key, number])
  }
  return { added, removed: [...known.values()] }
}

/** All texts that new findings need, each once. */
export function textsOf({ opened, described }: JudgementDifference): ReadonlySet<string> {
  const texts = new Set<string>()
  for (const { names, body, about } of opened) for (const text of [...names, body.text, about.text]) texts.add(text)
  for (const { about } of described) texts.add(about.text)
  return texts
}

function byNumber(left: number, right: number): number {
  return left - right
}
