import { describe, expect, it } from 'vitest'
import { findingOf, hostileReport, packageOf, sampleReport } from '../../test/support/reports.ts'
import { decodeFound, encodeFound } from './found-row.ts'

const curl = packageOf('curl', '7.88.1-10')
const nowhere = packageOf('nowhere', '1', { layer: 9 })

const found = {
  findings: [
    findingOf(curl, 'CVE-1', 'high', '7.88.1-11'),
    findingOf(curl, 'CVE-2', 'low', null, { description: 'größer, 🦀, C:\\u0041, \ud800' }),
    findingOf(curl, 'CVE-3', 'low', null, { description: '' }),
    findingOf(nowhere, 'CVE-1', 'high'),
  ],
  gaps: [],
}

describe('what was found in an image', () => {
  it.each([
    ['some findings', found],
    ['no findings', { findings: [], gaps: sampleReport().gaps }],
    ['an ordinary report', sampleReport()],
    ['a hostile one', hostileReport()],
  ])('comes out of a row as it went in: %s', (_, { findings, gaps }) => {
    expect(decodeFound(encodeFound({ findings, gaps }))).toStrictEqual({ findings, gaps })
  })

  it('has descriptions in ASCII', () => {
    expect(encodeFound(found).descriptions).toMatch(/^[\0-\x7f]+$/)
  })

  it('has each reason once', () => {
    const { findings } = decodeFound(encodeFound(found))
    expect(findings[2]!.why).toBe(findings[1]!.why)
    expect(findings[3]!.why).not.toBe(findings[0]!.why)
  })

  const row = encodeFound(found)
  const damaged = (change: (content: ReturnType<typeof contentOf>) => void) => {
    const content = contentOf()
    change(content)
    return JSON.stringify(content)
  }
  const contentOf = () =>
    JSON.parse(row.found) as Record<'findings' | 'reasons', { columns: Record<string, { places: number[] }> }> & {
      lengths: number[]
    }

  it.each([
    ['a value that is not there', damaged(({ findings }) => findings.columns.id!.places.fill(99))],
    ['a reason that is not there', damaged(({ findings }) => findings.columns.why!.places.fill(99))],
    ['a value of a reason that is not there', damaged(({ reasons }) => reasons.columns.because!.places.fill(99))],
    ['too few places', damaged(({ findings }) => findings.columns.severity!.places.pop())],
    ['no such column', damaged(({ findings }) => delete findings.columns.links)],
    ['descriptions of other lengths', damaged(({ lengths }) => lengths.push(1))],
    ['half of it', row.found.slice(0, row.found.length / 2)],
  ])('is not taken from a damaged row: %s', (_, text) => {
    expect(text).not.toBe(row.found)
    expect(() => decodeFound({ ...row, found: text })).toThrow()
  })
})
