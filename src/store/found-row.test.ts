import { describe, expect, it } from 'vitest'
import { findingOf, hostileReport, packageOf, sampleReport, withoutDetails } from '../../test/support/reports.ts'
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
    expect(encodeFound(found).details).toMatch(/^[\0-\x7f]+$/)
  })

  it('has each reason once', () => {
    const { findings } = decodeFound(encodeFound(found))
    expect(findings[2]!.why).toBe(findings[1]!.why)
    expect(findings[3]!.why).not.toBe(findings[0]!.why)
  })

  it('has no details where they were not read', () => {
    const { findings } = decodeFound({ found: encodeFound(found).found })
    expect(findings).toEqual(found.findings.map(withoutDetails))
  })

  const row = encodeFound(found)
  type Columns = Record<string, { places: number[] }>
  const damaged = (change: (content: Record<'findings' | 'reasons', { columns: Columns }>) => void) => {
    const content = JSON.parse(row.found)
    change(content)
    return { ...row, found: JSON.stringify(content) }
  }
  const damagedDetails = (change: (details: { columns: Columns; lengths: number[] }) => void) => {
    const [line = '', ...descriptions] = row.details.split('\n')
    const details = JSON.parse(line)
    change(details)
    return { ...row, details: [JSON.stringify(details), ...descriptions].join('\n') }
  }

  it.each([
    ['a value that is not there', damaged(({ findings }) => findings.columns.id!.places.fill(99))],
    ['a reason that is not there', damaged(({ findings }) => findings.columns.why!.places.fill(99))],
    ['a value of a reason that is not there', damaged(({ reasons }) => reasons.columns.because!.places.fill(99))],
    ['too few places', damaged(({ findings }) => findings.columns.severity!.places.pop())],
    ['no such column', damaged(({ findings }) => delete findings.columns.state)],
    ['no such column of details', damagedDetails(({ columns }) => delete columns.links)],
    ['descriptions of other lengths', damagedDetails(({ lengths }) => lengths.push(1))],
    ['half of it', { ...row, found: row.found.slice(0, row.found.length / 2) }],
    ['half of the details', { ...row, details: row.details.slice(0, row.details.length / 2) }],
    ['no details', { ...row, details: '' }],
  ])('is not taken from a damaged row: %s', (_, other) => {
    expect(other).not.toEqual(row)
    expect(() => decodeFound(other)).toThrow()
  })
})
