import type { FixState } from './advisory.ts'
import type { CvssVersion } from './cvss.ts'
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
  /** The repositories that its layer names, where layers do (Red Hat content sets, CPE names, repositories of apk). */
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

/** A CVSS score of a vulnerability, and whose it is. */
export interface CvssScore {
  /** `nvd`, `redhat`, the id of another organisation that scored it. */
  readonly source: string
  readonly version: CvssVersion
  readonly vector: string
  /** The base score, 0 to 10; `null` where there is none. */
  readonly score: number | null
}

/** How likely a vulnerability is to be exploited within 30 days (FIRST, Exploit Prediction Scoring System). */
export interface Epss {
  /** The probability, 0 to 1. */
  readonly score: number
  /** The share of all vulnerabilities that are as likely or less, 0 to 1. */
  readonly percentile: number
  /** The day that the score is of, ISO 8601; `null` if the source does not say. */
  readonly date: string | null
}

/** That a vulnerability is exploited (CISA, Known Exploited Vulnerabilities Catalog). */
export interface Kev {
  /** The day on which it was added, ISO 8601. */
  readonly dateAdded: string
  /** The day by which US agencies have to have dealt with it, where one is given. */
  readonly dueDate: string | null
  /** Whether it is known to be used in ransomware campaigns. */
  readonly ransomware: boolean
}

/** One vulnerability of one package. */
export interface Finding {
  readonly id: string
  /** Other ids of it, and the advisories that fix it, sorted. */
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
  /** The CVSS scores of all sources: the distribution's first, then NVD's and those that NVD passes on. */
  readonly cvss: readonly CvssScore[]
  /** Kinds of weakness: `CWE-79`. */
  readonly weaknesses: readonly string[]
  /** `null`: it has no score, or none was looked up. */
  readonly epss: Epss | null
  /** `null`: it is not in the catalog, or that was not looked at. */
  readonly kev: Kev | null
  /** Severity and likelihood in one number to sort by, 0 to 100 (docs/severity.md); `null` where neither EPSS nor KEV was looked at. */
  readonly risk: number | null
  readonly description: string
  readonly links: readonly string[]
  /** The vendor's advisory that brings the fix, where it is known. */
  readonly advisory: string | null
  /** Where that advisory can be read. */
  readonly advisoryLink: string | null
  /** What the reader has to know about the fix, such as that it needs a subscription. */
  readonly note: string | null
  /** Why this finding is left out unless all are asked for: it means nothing for this package. `null` for nearly all. */
  readonly setAside: string | null
  readonly why: Reason
}

/** What a finding says that not every format shows. Most of the bytes of findings are in it. */
export type FindingDetails = Pick<Finding, 'cvss' | 'weaknesses' | 'description' | 'links'>

/** What was found in an image: the part of a report that stays the same while the image, the data and the code do. */
export interface Found {
  /** In the order of a report. */
  readonly findings: readonly Finding[]
  /** Versions that could not be compared. */
  readonly gaps: readonly Gap[]
}

/** The data that a report was made with. */
export interface FeedData {
  readonly feed: string
  /** Where it was loaded from: its source's URL, or what took its place then. */
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
  /** The data that findings were enriched with: scores, likelihoods, exploitation. */
  readonly enrichment: readonly FeedData[]
}
