import type { AdvisoryKey, Statement } from './advisory.ts'
import type { Analyzer } from './analyzer.ts'
import type { Feed } from './feed.ts'
import type { Package, Release } from './package.ts'
import type { Verdict } from './verdict.ts'
import type { VersionScheme } from './versions.ts'

/** What an ecosystem knows about one release of a distribution. */
export interface Coverage {
  /** The scopes in which the release's packages are looked up, `['debian:12']`. */
  readonly scopes: readonly string[]
  /** The feeds that have statements for them. */
  readonly feeds: readonly Feed[]
  /** The first day without free security updates, ISO 8601, where it is known. */
  readonly endOfLife?: string
}

/** A distribution (later also a language) that Chiaro can judge: which packages, which data, which rule. */
export interface Ecosystem {
  /** Stable name and folder: `debian`. */
  readonly id: string
  /** The name for people: `Debian`. */
  readonly title: string
  readonly versions: VersionScheme
  /** What reads its packages out of layers. */
  readonly analyzers: readonly Analyzer[]
  /** The purl types it judges. */
  readonly packageTypes: readonly string[]
  /** Coverage of a release; `undefined` when the release is not of this ecosystem. */
  coverage(release: Release): Coverage | undefined
  /** The keys under which statements about `pkg` are found. */
  keys(pkg: Package, coverage: Coverage): readonly AdvisoryKey[]
  /** Replaces the standard rule (`judge` in core/judge.ts). Pure, never throws. */
  judge?(pkg: Package, statement: Statement): Verdict
  /** Every feed of the ecosystem, for `chiaro update` without an image. */
  feeds(): readonly Feed[]
}
