import { describe, expect, it } from 'vitest'
import type { ReportWriter } from '../../src/core/report-writer.ts'
import {
  hostileReport,
  largeReport,
  reportOf,
  sampleReport,
  withoutDetails,
  writerOptions,
} from '../support/reports.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be found
const forbidden = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
/** What may stand in coloured text: colours and styles, nothing that moves the cursor or sets a title. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be found
const colors = /\u001b\[[0-9;]*m/g

/** What every report format must keep. */
export function testReportWriter(writer: ReportWriter): void {
  const write = (...args: Parameters<ReportWriter['write']>) => [...writer.write(...args)].join('')

  describe(`the contract of the report format ${writer.id}`, () => {
    it('introduces itself', () => {
      expect(writer.id).toMatch(/^[a-z][a-z0-9-]*$/)
      expect(writer.help).toMatch(/\S/)
      expect(writer.mediaType).toMatch(/^[a-z]+\/[a-z0-9.+-]+/)
    })

    it('writes the same for the same, ends with a line end, and asks for nothing twice', () => {
      const report = sampleReport()
      const text = write(report, writerOptions())
      expect(write(report, writerOptions())).toBe(text)
      expect(text.endsWith('\n')).toBe(true)
    })

    it('names every vulnerability and every package that has one', () => {
      const report = sampleReport()
      const text = write(report, writerOptions())
      for (const finding of report.findings) {
        expect(text).toContain(finding.id)
        expect(text).toContain(finding.package)
      }
    })

    it.each([undefined, 20, 80, 300])('shows details of findings at width %s, or says that it does not', (width) => {
      const report = sampleReport()
      const brief = { ...report, findings: report.findings.map(withoutDetails) }
      const same = write(brief, writerOptions({ width })) === write(report, writerOptions({ width }))
      if (!(writer.showsDetails?.(width) ?? true)) expect(same).toBe(true)
      if (width === undefined) expect(writer.showsDetails?.(width) ?? true).toBe(!same)
    })

    it('writes an empty report', () => {
      expect(write(reportOf({ packages: [], findings: [], data: [], release: undefined }), writerOptions())).not.toBe(
        '',
      )
    })

    it('names every kind of gap', () => {
      const gaps = [
        { code: 'distribution-unknown', where: 'image', detail: 'No release file.' },
        { code: 'data-stale', where: 'debian', detail: 'Old.' },
      ] as const
      const text = write(reportOf({ gaps }), writerOptions())
      for (const { code } of gaps) expect(text).toContain(code)
    })

    it.each([undefined, 1, 40, 80, 200])('lets no control character through at width %s', (width) => {
      for (const color of [false, true]) {
        const text = write(hostileReport(), writerOptions({ width, color }))
        expect(forbidden.exec(text)).toBeNull()
        expect((color ? text.replace(colors, '') : text).includes('\u001b')).toBe(false)
        expect(text.isWellFormed()).toBe(true)
      }
    })

    it('writes 10,000 findings in less than a second', () => {
      const report = largeReport(10_000)
      const started = performance.now()
      let size = 0
      for (const chunk of writer.write(report, writerOptions({ width: 80, color: true }))) size += chunk.length
      expect(size).toBeGreaterThan(10_000 * 20)
      expect(performance.now() - started).toBeLessThan(1000)
    })
  })
}
