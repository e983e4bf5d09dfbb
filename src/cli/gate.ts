import { byRisk, type FindingOrder } from '../core/finding-order.ts'
import type { Finding, VulnerabilityReport } from '../core/report.ts'
import type { Shown } from '../core/report-writer.ts'
import { reaches, type Severity } from '../core/severity.ts'

/** What of a report is shown. */
export interface Filter {
  /** This severity and more severe ones; `undefined`: all. */
  readonly severity: Severity | undefined
  /** Only findings that have a fix. */
  readonly onlyFixed: boolean
  /** Also findings that are set aside. */
  readonly all: boolean
}

/** What `--fail-on` takes: a severity and what is more severe, or any finding at all. */
export type Threshold = Severity | 'any'

/** The report with only the findings that the filter lets through, and how many it does not. */
export function filterReport(
  report: VulnerabilityReport,
  { severity, onlyFixed, all }: Filter,
): { readonly report: VulnerabilityReport; readonly shown: Shown } {
  const meant = all ? report.findings : report.findings.filter(({ setAside }) => setAside === null)
  const findings = meant.filter(
    (finding) => (severity === undefined || reaches(finding.severity, severity)) && (!onlyFixed || isFixed(finding)),
  )
  const setAside = all ? [] : setAsideOf(report.findings)
  return {
    report: { ...report, findings },
    shown: { severity, onlyFixed, hidden: meant.length - findings.length, setAside },
  }
}

function setAsideOf(findings: readonly Finding[]): Shown['setAside'] {
  const aside = findings.filter(({ setAside }) => setAside !== null)
  return [...Map.groupBy(aside, ({ setAside }) => setAside!)].map(([reason, own]) => ({
    reason,
    packages: [...new Set(own.map((finding) => finding.package))].sort(),
    findings: own.length,
  }))
}

/** The report with its findings in this order; by severity is how a scan gives them. */
export function sortReport(report: VulnerabilityReport, order: FindingOrder): VulnerabilityReport {
  return order === 'severity' ? report : { ...report, findings: [...report.findings].sort(byRisk) }
}

/**
 * The findings that trip the gate. `--severity` does not matter here, so that what is shown never weakens what is
 * enforced; `--only-fixed` does, because a gate on what nobody can fix yet helps nobody, and other scanners do the same.
 * Findings that are set aside trip it only where all are asked for.
 */
export function gate(
  { findings }: VulnerabilityReport,
  failOn: Threshold | undefined,
  { onlyFixed, all }: Pick<Filter, 'onlyFixed' | 'all'>,
): readonly Finding[] {
  if (failOn === undefined) return []
  return findings.filter(
    (finding) =>
      (failOn === 'any' || reaches(finding.severity, failOn)) &&
      (!onlyFixed || isFixed(finding)) &&
      (all || finding.setAside === null),
  )
}

function isFixed({ state }: Finding): boolean {
  return state === 'fixed'
}
