import { describe, expect, it } from 'vitest'
import { packageOf, findingOf as sampleFinding } from '../../test/support/reports.ts'
import { byRisk } from './finding-order.ts'
import type { Finding } from './report.ts'
import { riskOf } from './risk.ts'

const epss = (score: number) => ({ score, percentile: 0.5, date: null })
const kev = (ransomware: boolean) => ({ dateAdded: '2026-01-01', dueDate: null, ransomware })
const critical = {
  source: 'nvd',
  version: '3.1',
  vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  score: 9.8,
} as const

function findingOf(severity: Finding['severity'], more: Partial<Finding> = {}): Finding {
  return sampleFinding(packageOf('sample', '1'), 'CVE-2099-0001', severity, null, more)
}

describe('riskOf', () => {
  it.each<[string, Finding, number]>([
    ['severity times likelihood', findingOf('high', { epss: epss(0.5) }), 40],
    ['the middle of the band without a score of its own', findingOf('critical', { epss: epss(0.1) }), 9.5],
    [
      'the score that the severity stands for',
      findingOf('critical', { severitySource: 'nvd', cvss: [critical], epss: epss(0.5) }),
      49,
    ],
    ['no score of somebody else', findingOf('low', { cvss: [critical], epss: epss(0.5) }), 10],
    [
      'no score of another severity',
      findingOf('low', { severitySource: 'nvd', cvss: [critical], epss: epss(0.5) }),
      10,
    ],
    ['certain where it is exploited', findingOf('high', { epss: epss(0.001), kev: kev(false) }), 80],
    ['more so where ransomware uses it', findingOf('high', { kev: kev(true) }), 88],
    ['100 at most', findingOf('critical', { severitySource: 'nvd', cvss: [critical], kev: kev(true) }), 100],
    ['the usual likelihood where EPSS has none', findingOf('high'), 4],
    ['that of medium where nobody rated it', findingOf('unknown', { epss: epss(0.1) }), 5.5],
    ['next to nothing, in thousandths', findingOf('negligible', { epss: epss(0.00043) }), 0.002],
  ])('%s', (_, finding, expected) => {
    expect(riskOf(finding)).toBe(expected)
  })
})

describe('byRisk', () => {
  it('puts the greatest risk first, equal ones by severity, and those without one last', () => {
    const findings = [
      findingOf('critical', { risk: null }),
      findingOf('low', { risk: 0.5 }),
      findingOf('high', { risk: 90 }),
      findingOf('medium', { risk: 0.5 }),
      findingOf('negligible', { risk: 0 }),
    ]
    expect(findings.sort(byRisk).map(({ severity }) => severity)).toEqual([
      'high',
      'medium',
      'low',
      'negligible',
      'critical',
    ])
  })
})
