import type { Judgement } from '../core/fleet.ts'
import { encodeFinding, encodeGaps, type FindingRow, keyHash, textHash } from './fleet-row.ts'

/** A finding that is open, by the hashes of its texts. */
export interface OpenFinding {
  readonly id: number
  readonly package: number
  readonly vulnerability: string
  readonly body: string
  readonly about: string
}

/** A finding to open. */
export interface NewFinding {
  readonly package: number
  readonly row: FindingRow
}

/** What judging changes. */
export interface JudgementDifference {
  readonly opened: readonly NewFinding[]
  /** Findings by their ids. */
  readonly closed: readonly number[]
  /** Findings that only describe their vulnerability otherwise. */
  readonly described: readonly { readonly id: number; readonly about: string }[]
  /** The packages of these. */
  readonly packages: readonly number[]
}

/** The difference between what is open in packages and what was found in them. */
export function findingDifference(judgements: readonly Judgement[], open: readonly OpenFinding[]): JudgementDifference {
  const known = new Map(open.map((row) => [`${row.package} ${row.vulnerability}`, row]))
  const opened: NewFinding[] = []
  const closed: number[] = []
  const described: { id: number; about: string }[] = []
  const packages = new Set<number>()
  for (const { number, findings } of judgements) {
    for (const finding of findings) {
      const row = encodeFinding(finding)
      const key = `${number} ${textHash(row.vulnerability)}`
      const before = known.get(key)
      known.delete(key)
      const isSame = before?.body === textHash(row.body)
      if (isSame && before.about === textHash(row.about)) continue
      packages.add(number)
      if (isSame) described.push({ id: before.id, about: row.about })
      else opened.push({ package: number, row })
      if (!isSame && before !== undefined) closed.push(before.id)
    }
  }
  for (const { id, package: number } of known.values()) {
    closed.push(id)
    packages.add(number)
  }
  return { opened, closed, described, packages: [...packages].sort(byNumber) }
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
  for (const { row } of opened) for (const text of [...row.names, row.body, row.about]) texts.add(text)
  for (const { about } of described) texts.add(about)
  return texts
}

function byNumber(left: number, right: number): number {
  return left - right
}
