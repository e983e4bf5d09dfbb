import { describe, expect, it } from 'vitest'
import { sampleReport } from '../../test/support/reports.ts'
import { exitCodeOf, exitCodeOfSignal } from './exit.ts'
import { filterReport, gate, sortReport, type Threshold } from './gate.ts'

const report = sampleReport()
const all = { onlyFixed: false, all: false }

describe('the filter', () => {
  it.each([
    [undefined, false, 25, 0],
    ['high', false, 7, 18],
    ['negligible', false, 24, 1],
    ['unknown', false, 25, 0],
    [undefined, true, 14, 11],
    ['critical', true, 2, 23],
  ] as const)('severity %s, only fixed %s: %i shown, %i hidden', (severity, onlyFixed, shown, hidden) => {
    const filtered = filterReport(report, { severity, onlyFixed, all: false })
    expect(filtered.report.findings).toHaveLength(shown)
    expect(filtered.shown).toEqual({ severity, onlyFixed, hidden, setAside: [] })
    expect(filtered.report.packages).toBe(report.packages)
  })
})

describe('findings that are set aside', () => {
  const reason = 'it has headers'
  const aside = {
    ...report,
    findings: report.findings.map((finding, index) => ({ ...finding, setAside: index < 3 ? reason : null })),
  }

  it('are left out, counted and told by their reason, whatever else is filtered', () => {
    for (const severity of [undefined, 'critical'] as const) {
      const { report: shownReport, shown } = filterReport(aside, { severity, ...all })
      expect(shownReport.findings.every(({ setAside }) => setAside === null)).toBe(true)
      const packages = [...new Set(report.findings.slice(0, 3).map((finding) => finding.package))].sort()
      expect(shown.setAside).toEqual([{ reason, packages, findings: 3 }])
      expect(shown.hidden).toBe(22 - shownReport.findings.length)
    }
    expect(gate(aside, 'any', all)).toHaveLength(22)
  })

  it('are there, and trip the gate, where all are asked for', () => {
    const { report: shownReport, shown } = filterReport(aside, { severity: undefined, onlyFixed: false, all: true })
    expect(shownReport.findings).toHaveLength(25)
    expect(shown.setAside).toEqual([])
    expect(gate(aside, 'any', { onlyFixed: false, all: true })).toHaveLength(25)
  })
})

describe('the order', () => {
  it('is that of the scan, or by risk', () => {
    expect(sortReport(report, 'severity')).toBe(report)
    const ids = sortReport(report, 'risk').findings.map(({ id }) => id)
    expect(ids.slice(0, 5)).toEqual([
      ...Array(2).fill('CVE-2023-38545'),
      ...Array(2).fill('CVE-2023-5363'),
      'CVE-2019-8457',
    ])
    expect(ids).toHaveLength(report.findings.length)
  })
})

describe('the gate', () => {
  it.each([
    [undefined, false, 0],
    ['critical', false, 3],
    ['critical', true, 2],
    ['high', false, 7],
    ['low', false, 16],
    ['negligible', false, 24],
    ['unknown', false, 25],
    ['any', false, 25],
    ['any', true, 14],
  ] as const)('fail on %s, only fixed %s: %i findings', (failOn, onlyFixed, count) => {
    expect(gate(report, failOn as Threshold | undefined, { onlyFixed, all: false })).toHaveLength(count)
  })

  it('does not mind what is shown', () => {
    const shown = filterReport(report, { severity: 'critical', ...all }).report
    expect(gate(report, 'low', all).length).toBeGreaterThan(gate(shown, 'low', all).length)
  })
})

describe('exit codes', () => {
  it.each([
    [false, false, 0],
    [true, false, 1],
    [false, true, 3],
    [true, true, 1],
  ])('gate %s, gaps %s: %i', (gateTripped, gaps, code) => expect(exitCodeOf({ gate: gateTripped, gaps })).toBe(code))

  it('of signals are those that shells expect', () => {
    expect(exitCodeOfSignal('SIGINT')).toBe(130)
    expect(exitCodeOfSignal('SIGTERM')).toBe(143)
  })
})
