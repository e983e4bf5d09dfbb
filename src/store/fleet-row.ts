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
  /** All ids that it is found by. */
  readonly names: readonly string[]
  readonly body: string
  readonly about: string
}

/** What a finding says beside what its package and its vulnerability's id do; what is not there is left out. */
type Body = Partial<
  Omit<FleetFinding, 'id' | 'package' | 'version' | 'arch' | 'purl' | 'description' | 'links' | 'epss' | 'kev' | 'risk'>
> &
  Pick<FleetFinding, 'state' | 'severity' | 'severitySource' | 'why'>

export function encodeFinding(finding: FleetFinding): FindingRow {
  const { id, aliases, fixedIn, state, severity, severitySource, cvss, weaknesses, advisory, advisoryLink } = finding
  const { note, setAside, why } = finding
  const body: Body = {
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(fixedIn === null ? {} : { fixedIn }),
    state,
    severity,
    severitySource,
    ...(cvss.length === 0 ? {} : { cvss }),
    ...(weaknesses.length === 0 ? {} : { weaknesses }),
    ...(advisory === null ? {} : { advisory }),
    ...(advisoryLink === null ? {} : { advisoryLink }),
    ...(note === null ? {} : { note }),
    ...(setAside === null ? {} : { setAside }),
    why,
  }
  return {
    vulnerability: id,
    names: [...new Set([id, ...aliases])],
    body: JSON.stringify(body),
    about: JSON.stringify([finding.description, ...finding.links]),
  }
}

export function decodeFinding(
  { vulnerability, body, about }: Omit<FindingRow, 'names'>,
  { release, package: pkg }: FleetPackage,
): FleetFinding {
  const { aliases = [], fixedIn = null, state, severity, severitySource, why, ...rest } = parse(body) as Body
  const { cvss = [], weaknesses = [], advisory = null, advisoryLink = null, note = null, setAside = null } = rest
  const [description = '', ...links] = parse(about) as readonly string[]
  return {
    id: vulnerability,
    aliases,
    package: pkg.name,
    version: pkg.version,
    arch: pkg.arch,
    purl: packageUrl(pkg, release),
    fixedIn,
    state,
    severity,
    severitySource,
    cvss,
    weaknesses,
    epss: null,
    kev: null,
    risk: null,
    description,
    links,
    advisory,
    advisoryLink,
    note,
    setAside,
    why,
  }
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
