import type { AdvisoryKey, Json, Statement } from './advisory.ts'
import type { Analyzer } from './analyzer.ts'
import type { Feed, FeedFamily } from './feed.ts'
import type { Gap } from './gap.ts'
import type { Package, Release } from './package.ts'
import type { IndexedPackage } from './report.ts'
import type { Verdict } from './verdict.ts'
import type { VersionScheme } from './versions.ts'

/** What an ecosystem knows about one release of a distribution. */
export interface Coverage {
  /** The scopes in which the release's packages are looked up, `['debian:12']`. */
  readonly scopes: readonly string[]
  /** The feeds that have statements for them. */
  readonly feeds: readonly Feed[]
  /**
   * Feeds of facts that name the advisory behind a fix, where statements do not: facts named by `Ecosystem.advisoryFact`, of
   * the form `[advisory, …vulnerabilities][]`. Without them findings are the same, but for that name.
   */
  readonly advisories?: readonly Feed[]
  /** The first day without free security updates, ISO 8601, where it is known. */
  readonly endOfLife?: string
  /** The number of the minor release, `9.2`, where repositories differ between those of one scope. */
  readonly minorRelease?: string
  /** Why the data is not quite that of the release, as a sentence: a gap. */
  readonly approximate?: string
}

/** Why a repository is not covered. */
export type Foreign = Pick<Gap, 'code'> & { readonly because: string }

/** Facts of one feed, by name. */
export interface FactRequest {
  readonly feed: string
  readonly names: readonly string[]
}

/** The facts that were asked for: the value, or `undefined` where the feed has none of this name. */
export type Facts = (feed: string, name: string) => Json | undefined

/** For ecosystems that ask for no facts. */
export const noFacts: Facts = () => undefined

/** A package with what keys are made of beside it. */
export type KeyedPackage = Package & Pick<IndexedPackage, 'repositories'>

/** A distribution (later also a language) that Chiaro can judge: which packages, which data, which rule. */
export interface Ecosystem extends FeedFamily {
  readonly versions: VersionScheme
  /** What reads its packages out of layers. */
  readonly analyzers: readonly Analyzer[]
  /** The purl types it judges. */
  readonly packageTypes: readonly string[]
  /** The vendors that make its packages: what others made is a gap. Not given where package databases name nobody. */
  readonly vendors?: RegExp
  /**
   * What is missing for packages that may have come from this repository, which their layer names: the code of the gap, and why as a
   * sentence. `undefined` for repositories that the coverage is about. Not given where repositories decide about keys.
   */
  foreign?(repository: string, coverage: Coverage): Foreign | undefined
  /** Coverage of a release; `undefined` when the release is not of this ecosystem. */
  coverage(release: Release): Coverage | undefined
  /** The facts that `keys` needs of an image's packages; asked for once, before it. */
  facts?(packages: readonly KeyedPackage[]): readonly FactRequest[]
  /** The keys under which statements about `pkg` are found: in the scopes of the coverage, or in parts of them. */
  keys(pkg: KeyedPackage, coverage: Coverage, facts: Facts): readonly AdvisoryKey[]
  /** Replaces the standard rule (`judge` in core/judge.ts). Pure, never throws. */
  judge?(pkg: Package, statement: Statement): Verdict
  /** The name of the fact in `Coverage.advisories` about fixes in a package that was found under `key`. */
  advisoryFact?(pkg: Package, key: AdvisoryKey): string
  /** Where a vendor's advisory can be read. `scope` is that of the statement. */
  advisoryLink?(advisory: string, scope: string): string | undefined
}
