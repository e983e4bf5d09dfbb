import { hash } from 'node:crypto'
import type { AdvisoryKey } from '../core/advisory.ts'
import { type FleetFinding, type FleetPackage, fleetPackageText, type PackageSet } from '../core/fleet.ts'
import type { Gap } from '../core/gap.ts'
import type { Package, Release } from '../core/package.ts'
import { packageUrl } from '../core/purl.ts'
import { bodyHash } from './body-hash.ts'
import { RowDamaged } from './row-damaged.ts'

/** 128 bits of a text, by which it is found and known. */
export function textHash(text: string): string {
  return hash('sha256', text, 'buffer').subarray(0, 16).toString('base64url')
}

/** The number that stands for a key. */
export function keyHash({ scope, name }: AdvisoryKey): number {
  return bodyHash(`${scope}\0${name}`)
}

/** A package as a row of `fleet_package` has it. */
export interface PackageRow {
  readonly release: string
  readonly facts: string
}

/** A package and its hash. */
export interface HashedPackage {
  readonly hash: string
  readonly package: FleetPackage
}

/** A set by the hash of its packages, each of which it has once. */
export interface HashedSet {
  readonly hash: string
  readonly packages: readonly HashedPackage[]
}

/** Sets with their hashes, in the order of these, each once; what is empty is no set. */
export function hashSets(sets: readonly PackageSet[]): readonly HashedSet[] {
  const hashed = new Map<string, HashedSet>()
  for (const set of sets) {
    const packages = new Map(set.map((pkg) => [textHash(fleetPackageText(pkg)), pkg]))
    if (packages.size === 0) continue
    const own = [...packages].map(([hash, pkg]) => ({ hash, package: pkg })).sort(byHash)
    const hash = hashOf(own)
    hashed.set(hash, { hash, packages: own })
  }
  return [...hashed.values()].sort(byHash)
}

/** One hash for all of them. */
export function hashOf(items: readonly { readonly hash: string }[]): string {
  return textHash(items.map(({ hash }) => hash).join(' '))
}

/** The order in which rows are written, so that two processes that write the same never wait for each other in a circle. */
export function byHash(left: { readonly hash: string }, right: { readonly hash: string }): number {
  return left.hash < right.hash ? -1 : left.hash > right.hash ? 1 : 0
}

export function encodePackage({ release, package: pkg, repositories }: FleetPackage): PackageRow {
  return { release: JSON.stringify(release), facts: JSON.stringify([pkg, repositories]) }
}

export function decodePackage({ release, facts }: PackageRow): FleetPackage {
  const [pkg, repositories] = parse(facts) as [Package, readonly string[]]
  return { release: parse(release) as Release, package: pkg, repositories }
}

/** A finding as rows have it. */
export interface FindingRow {
  readonly vulnerability: string
  readonly body: string
  readonly about: string
}

type Why = FleetFinding['why']

/** What a finding says beside what its package and its vulnerability's id do; what is not there is left out. */
type Body = Partial<
  Omit<FleetFinding, 'id' | 'package' | 'version' | 'arch' | 'purl' | 'description' | 'links' | 'epss' | 'kev' | 'risk'>
> &
  Pick<FleetFinding, 'state' | 'severity' | 'severitySource' | 'why'>

/** The body of a finding. Property by property: there are very many, and spreading takes longer than all else. */
export function encodeBody(finding: FleetFinding): string {
  const { feed, scope, name, scheme, compared, because } = finding.why
  const why: Why = { feed, scope, name, scheme, compared, because }
  const { state, severity, severitySource } = finding
  const body: { -readonly [Name in keyof Body]: Body[Name] } = { state, severity, severitySource, why }
  if (finding.aliases.length > 0) body.aliases = finding.aliases
  if (finding.fixedIn !== null) body.fixedIn = finding.fixedIn
  if (finding.cvss.length > 0) body.cvss = finding.cvss
  if (finding.weaknesses.length > 0) body.weaknesses = finding.weaknesses
  if (finding.advisory !== null) body.advisory = finding.advisory
  if (finding.advisoryLink !== null) body.advisoryLink = finding.advisoryLink
  if (finding.note !== null) body.note = finding.note
  if (finding.setAside !== null) body.setAside = finding.setAside
  return JSON.stringify(body)
}

export function encodeAbout({ description, links }: Pick<FleetFinding, 'description' | 'links'>): string {
  return JSON.stringify([description, ...links])
}

/** Reads the findings of packages. Packages of one source say the same, which is parsed once. */
export function findingDecoder(): (row: FindingRow, pkg: FleetPackage) => FleetFinding {
  return textDecoder((text: string) => text)
}

/** As `findingDecoder`, of rows in which `textOf` tells the texts: by keys that are found sooner than long texts are. */
export function textDecoder<Key>(
  textOf: (key: Key) => string,
): (row: Readonly<Record<keyof FindingRow, Key>>, pkg: FleetPackage) => FleetFinding {
  const bodies = new Map<Key, Body>()
  const abouts = new Map<Key, readonly string[]>()
  const purls = new Map<FleetPackage, string>()
  return ({ vulnerability, body, about }, pkg) => {
    const said = remembered(bodies, body, () => parse(textOf(body)) as Body)
    const [description = '', ...links] = remembered(abouts, about, () => parse(textOf(about)) as readonly string[])
    const purl = remembered(purls, pkg, () => packageUrl(pkg.package, pkg.release))
    const { name, version, arch } = pkg.package
    return {
      id: textOf(vulnerability),
      aliases: said.aliases ?? [],
      package: name,
      version,
      arch,
      purl,
      fixedIn: said.fixedIn ?? null,
      state: said.state,
      severity: said.severity,
      severitySource: said.severitySource,
      cvss: said.cvss ?? [],
      weaknesses: said.weaknesses ?? [],
      epss: null,
      kev: null,
      risk: null,
      description,
      links,
      advisory: said.advisory ?? null,
      advisoryLink: said.advisoryLink ?? null,
      note: said.note ?? null,
      setAside: said.setAside ?? null,
      why: said.why,
    }
  }
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}

export function encodeGaps(gaps: readonly Gap[]): string | null {
  return gaps.length === 0 ? null : JSON.stringify(gaps)
}

export function decodeGaps(text: string | null): readonly Gap[] {
  return text === null ? [] : (parse(text) as readonly Gap[])
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new RowDamaged('a row is damaged', { cause })
  }
}
