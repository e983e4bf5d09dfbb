import { describe, expect, it } from 'vitest'
import { sampleReport } from '../../test/support/reports.ts'
import { exitCodeOf, exitCodeOfSignal } from './exit.ts'
import { filterReport, gate, sortReport, type Threshold } from './gate.ts'

const report = sampleReport()
const all = { onlyFixed: false }

describe('the filter', () => {
  it.each([
    [undefined, false, 25, 0],
    ['high', false, 7, 18],
    ['negligible', false, 24, 1],
    ['unknown', false, 25, 0],
    [undefined, true, 14, 11],
    ['critical', true, 2, 23],
  ] as const)('severity %s, only fixed %s: %i shown, %i hidden', (severity, onlyFixed, shown, hidden) => {
    const filtered = filterReport(report, { severity, onlyFixed })
    expect(filtered.report.findings).toHaveLength(shown)
    expect(filtered.hidden).toBe(hidden)
    expect(filtered.report.packages).toBe(report.packages)
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
    expect(gate(report, failOn as Threshold | undefined, { onlyFixed })).toHaveLength(count)
  })

  it('does not mind what is shown', () => {
    const shown = filterReport(report, { severity: 'critical', onlyFixed: false }).report
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
