import type { VulnerabilityReport } from './report.ts'
import type { Severity } from './severity.ts'
import type { VersionScheme } from './versions.ts'

/** How a report is to be shown. Only `table` minds most of it. */
export interface WriterOptions {
  /** The width of the terminal in columns; `undefined` for a file or pipe. */
  readonly width: number | undefined
  readonly color: boolean
  /** The time that ages are told from; `undefined`: times are told instead of ages. */
  readonly now: Date | undefined
  /** The version schemes by id, to tell the newest of several fixed versions. */
  readonly versions: (scheme: string) => VersionScheme | undefined
  /** The filters that were applied to the report, and how many findings they took out. */
  readonly shown: { readonly severity: Severity | undefined; readonly onlyFixed: boolean; readonly hidden: number }
}

/** Writes a report in one format. Pure: text out, no effects. */
export interface ReportWriter {
  /** What `--format` and `--output` take. */
  readonly id: string
  /** One line for the help text. */
  readonly help: string
  readonly mediaType: string
  write(report: VulnerabilityReport, options: WriterOptions): Iterable<string>
}
