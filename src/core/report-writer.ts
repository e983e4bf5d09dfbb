import type { VulnerabilityReport } from './report.ts'
import type { Severity } from './severity.ts'
import type { VersionScheme } from './versions.ts'

/** Which findings of a report are there to be shown. */
export interface Shown {
  readonly severity: Severity | undefined
  readonly onlyFixed: boolean
  /** How many findings these two took out. */
  readonly hidden: number
  /** Findings that were taken out as they mean nothing for their packages, by the reason. */
  readonly setAside: readonly {
    readonly reason: string
    readonly packages: readonly string[]
    readonly findings: number
  }[]
}

/** How a report is to be shown. Only `table` minds most of it. */
export interface WriterOptions {
  /** The width of the terminal in columns; `undefined` for a file or pipe. */
  readonly width: number | undefined
  readonly color: boolean
  /** The time that ages are told from; `undefined`: times are told instead of ages. */
  readonly now: Date | undefined
  /** The version schemes by id, to tell the newest of several fixed versions. */
  readonly versions: (scheme: string) => VersionScheme | undefined
  /** The filters that were applied to the report, and what they took out. */
  readonly shown: Shown
}

/** Writes a report in one format. Pure: text out, no effects. */
export interface ReportWriter {
  /** What `--format` and `--output` take. */
  readonly id: string
  /** One line for the help text. */
  readonly help: string
  readonly mediaType: string
  /**
   * Whether it shows anything of the details of findings (`FindingDetails`) at this width; `undefined`: in a file or pipe. Where it
   * is not there, it does.
   */
  readonly showsDetails?: (width: number | undefined) => boolean
  write(report: VulnerabilityReport, options: WriterOptions): Iterable<string>
}
