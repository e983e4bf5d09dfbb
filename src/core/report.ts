import type { FixState } from './advisory.ts'
import type { Digest } from './digest.ts'
import type { Gap } from './gap.ts'
import type { Platform } from './image.ts'
import type { Package, Release } from './package.ts'
import type { Severity } from './severity.ts'

/** A layer as reports show it. */
export interface ReportLayer {
  readonly digest: Digest | undefined
  readonly diffId: Digest | undefined
  readonly createdBy: string
}

/** An image as reports show it. */
export interface ReportImage {
  readonly reference: string
  readonly tags: readonly string[]
  readonly digest: Digest | undefined
  readonly configDigest: Digest | undefined
  readonly platform: Platform
  readonly layers: readonly ReportLayer[]
}

/** A package that is in the image, and how we know. */
export interface IndexedPackage extends Package {
  /** Package URL with architecture and distribution (purl-spec). */
  readonly purl: string
  /** The package database or file that lists it, inside the image, without a leading slash. */
  readonly path: string
  /** The layer that brought it: its place in `image.layers`, 0 for the lowest. */
  readonly layer: number
  /** The repositories that its layer names, where layers do (Red Hat content sets, CPE names). */
  readonly repositories?: readonly string[]
}

/** What is in an image. Depends on nothing but the image and the analyzers. */
export interface IndexReport {
  readonly image: ReportImage
  readonly release: Release | undefined
  /** Sorted by type, name, version, architecture, path. */
  readonly packages: readonly IndexedPackage[]
  readonly gaps: readonly Gap[]
}

/** Why a finding is a finding. */
export interface Reason {
  /** The feed that says so, and the scope and (source) package name it says it of. */
  readonly feed: string
  readonly scope: string
  readonly name: string
  /** The version scheme that compared. */
  readonly scheme: string
  /** The version that was compared: the source package's, where the statement is about source packages. */
  readonly compared: string
  /** The rule in words: `3.0.9-1 is older than 3.0.11-1~deb12u2`. */
  readonly because: string
  /** The file and layer that prove the package. */
  readonly path: string
  readonly layer: number
  readonly layerDigest: Digest | undefined
  readonly createdBy: string
}

/** One vulnerability of one package. */
export interface Finding {
  readonly id: string
  readonly aliases: readonly string[]
  /** Name of the package that is in the image (the binary package). */
  readonly package: string
  readonly version: string
  readonly arch: string
  readonly purl: string
  /** The first version without it, or `null`. */
  readonly fixedIn: string | null
  readonly state: Exclude<FixState, 'not-affected'>
  readonly severity: Severity
  /** Whose severity it is; empty for `unknown` that nobody rated. */
  readonly severitySource: string
  readonly description: string
  readonly links: readonly string[]
  /** The vendor's advisory that brings the fix, where it is known. */
  readonly advisory: string | null
  /** What the reader has to know about the fix, such as that it needs a subscription. */
  readonly note: string | null
  readonly why: Reason
}

/** The data that a report was made with. */
export interface FeedData {
  readonly feed: string
  readonly url: string
  /** The generation used; 0: never loaded. */
  readonly generation: number
  /** When it was last found to be current, ISO 8601 UTC; `null`: never. */
  readonly checkedAt: string | null
  /** When the generation was imported. */
  readonly importedAt: string | null
  /** What the source says of the data's own time. */
  readonly dataTime: string | null
  /** Statements in the generation. */
  readonly records: number
  /** Records that could not be read. */
  readonly gaps: number
}

/** What is wrong with an image, as far as the data can tell; what it cannot tell is in `gaps`. */
export interface VulnerabilityReport {
  readonly schemaVersion: 1
  readonly generator: { readonly name: 'chiaro'; readonly version: string }
  /** The time as of which the data was asked, ISO 8601; not there: now. */
  readonly asOf?: string
  readonly image: ReportImage
  readonly release: Release | undefined
  readonly packages: readonly IndexedPackage[]
  /** Most severe first, then fixable first, then by package and id. */
  readonly findings: readonly Finding[]
  readonly gaps: readonly Gap[]
  readonly data: readonly FeedData[]
}
