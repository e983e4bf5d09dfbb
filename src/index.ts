/**
 * The library's door: what the command does, for Node programs.
 *
 * ```ts
 * import { scan } from 'chiaro'
 * const report = await scan('docker.io/library/debian:12', { database: '/var/lib/app/chiaro.db' })
 * if (report.findings.length > 0 || report.gaps.length > 0) …
 * ```
 */
import { createEngine, type Engine } from './compose.ts'
import { defaultDatabase } from './config/paths.ts'
import { parseTime } from './config/values.ts'
import type { FeedOutcome } from './core/feed-outcome.ts'
import type { Platform, RegistryOptions } from './core/image.ts'
import type { Progress } from './core/progress.ts'
import type { IndexReport, VulnerabilityReport } from './core/report.ts'

export type { FixState } from './core/advisory.ts'
export type { Digest } from './core/digest.ts'
export { ChiaroError, type ErrorCode, errorCodes, isChiaroError } from './core/errors.ts'
export type { FeedOutcome, ImportResult } from './core/feed-outcome.ts'
export { type Gap, type GapCode, gapCodes } from './core/gap.ts'
export type { Platform, RegistryOptions } from './core/image.ts'
export type { Package, Release, SourcePackage } from './core/package.ts'
export type { Progress, ProgressEvent } from './core/progress.ts'
export type {
  CvssScore,
  Epss,
  FeedData,
  Finding,
  IndexedPackage,
  IndexReport,
  Kev,
  Reason,
  ReportImage,
  ReportLayer,
  VulnerabilityReport,
} from './core/report.ts'
export { type Severity, severities } from './core/severity.ts'
export { version } from './version.ts'

/** Options that every function takes; all have defaults. */
export interface Options {
  /** The database: a path, or `sqlite::memory:`. Default: the command's own, in the user's data folder. */
  readonly database?: string
  /** URL or directory that takes the place of every feed's host: `MIRROR/host/path`. */
  readonly mirror?: string
  /**
   * Other places of feeds, each a URL, file or directory, by the beginning of the addresses that it takes the place of:
   * `{ 'https://nvd.nist.gov/feeds': 'https://nvd.example.org/feeds' }`. They go before the mirror.
   */
  readonly sources?: Readonly<Record<string, string>>
  /** Never use the network. Default: false. */
  readonly offline?: boolean
  readonly signal?: AbortSignal
  readonly progress?: Progress
}

/** Options for reading an image. */
export interface IndexOptions extends Options {
  /** Which image of an index to take. Default: linux on this machine's architecture. */
  readonly platform?: Platform
  readonly registry?: Partial<RegistryOptions>
}

/** Options for scanning an image. */
export interface ScanOptions extends IndexOptions {
  /** Data checked longer ago than this, in milliseconds, is brought up to date first. Default: 24 hours. */
  readonly maxDataAge?: number
  /** Adds CVSS scores (NVD), likelihood (EPSS) and known exploitation (CISA KEV) to the findings. Default: true. */
  readonly enrich?: boolean
  /**
   * Answer with the data as it was at this time, ISO 8601. Nothing is brought up to date then, and `maxDataAge` does not
   * apply; a feed that had no data is a gap. Default: now.
   */
  readonly asOf?: string
}

/** Options for updating feeds. */
export interface UpdateOptions extends Options {
  /** Read the feeds again although their sources say that nothing changed. Default: false. */
  readonly force?: boolean
}

const day = 24 * 60 * 60 * 1000

/**
 * Scans an image: what is in it, which known vulnerabilities that has, and what could not be told. `reference` is what
 * `chiaro scan` takes. Rejects with a `ChiaroError` when the image cannot be found or read; data that cannot be had is a gap
 * of the report instead. A time that cannot be read, or has not come yet, is `CONFIG_INVALID`.
 */
export async function scan(reference: string, options: ScanOptions = {}): Promise<VulnerabilityReport> {
  await using engine = await open(options)
  return await engine.scan(reference, {
    ...imageOptions(options),
    ...running(options),
    maxDataAge: options.maxDataAge ?? day,
    enrich: options.enrich ?? true,
    ...(options.asOf === undefined ? {} : { asOf: parseTime(options.asOf) }),
  })
}

/** Reads what is in an image, without looking for vulnerabilities. Rejects like `scan`. */
export async function index(reference: string, options: IndexOptions = {}): Promise<IndexReport> {
  await using engine = await open(options)
  return await engine.index(reference, { ...imageOptions(options), ...running(options) })
}

/**
 * Brings feeds up to date: those named (`debian`, `alpine-3.22-main`, `ubuntu`), or all. A feed that fails is an outcome with
 * its error; an unknown name rejects with `FEED_UNKNOWN`.
 */
export async function update(
  feeds: readonly string[] = [],
  options: UpdateOptions = {},
): Promise<readonly FeedOutcome[]> {
  await using engine = await open(options)
  return await engine.update(feeds, { ...running(options), force: options.force ?? false })
}

function open({ database, mirror, sources, offline }: Options): Promise<Engine> {
  return createEngine({ database: database ?? defaultDatabase(), mirror, sources, offline: offline ?? false })
}

function running({ signal, progress }: Options) {
  return { signal: signal ?? new AbortController().signal, progress: progress ?? (() => {}) }
}

function imageOptions({ platform, registry, offline }: IndexOptions) {
  const defaults = { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined }
  return { image: { platform, offline: offline ?? false, registry: { ...defaults, ...registry } } }
}
