import type { Gap } from './gap.ts'
import type { Finding } from './report.ts'
import { severityRank } from './severity.ts'

/** What findings can be sorted by. */
export const findingOrders = ['severity', 'risk'] as const

/** One of them. */
export type FindingOrder = (typeof findingOrders)[number]

/** Most severe first, then those with a fix, then by package, id, architecture, path and version. */
export function bySeverity(left: Finding, right: Finding): number {
  return (
    severityRank(left.severity) - severityRank(right.severity) ||
    Number(left.state !== 'fixed') - Number(right.state !== 'fixed') ||
    compareText(left.package, right.package) ||
    compareText(left.id, right.id) ||
    compareText(left.arch, right.arch) ||
    compareText(left.why.path, right.why.path) ||
    compareText(left.version, right.version)
  )
}

/** The greatest risk first, those without one last; equal ones by severity. */
export function byRisk(left: Finding, right: Finding): number {
  return (right.risk ?? -1) - (left.risk ?? -1) || bySeverity(left, right)
}

/** The order of two texts by their characters, the same on every machine. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** The order of gaps of one kind: by what they are about. */
export function byWhere(left: Gap, right: Gap): number {
  return compareText(left.where, right.where) || compareText(left.detail, right.detail)
}
