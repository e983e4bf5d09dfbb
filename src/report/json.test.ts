import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { testReportWriter } from '../../test/contract/report-writer.ts'
import {
  bookworm,
  digestOf,
  hostileReport,
  packageOf,
  reportOf,
  sampleReport,
  writerOptions,
} from '../../test/support/reports.ts'
import type { VulnerabilityReport } from '../core/report.ts'
import type { WriterOptions } from '../core/report-writer.ts'
import { type JsonReport, reportSchema } from './json/schema.ts'
import { json } from './json.ts'

testReportWriter(json)

const schemaFile = join(import.meta.dirname, '../../docs/schema/report-1.json')

function validatorOf(schema: object) {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

/** The schema with every object closed, so that a field that it does not describe is an error. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return 'properties' in copy ? { ...copy, additionalProperties: false } : copy
}

function written(report: VulnerabilityReport, options: Partial<WriterOptions> = {}): JsonReport {
  return JSON.parse([...json.write(report, writerOptions(options))].join('')) as JsonReport
}

describe('the schema of the JSON report', () => {
  it('is the published one (vitest run src/report -u writes it)', async () => {
    const { $schema, $id, title, description, ...rest } = reportSchema as typeof reportSchema & Record<string, unknown>
    const document = { $schema, $id, title, description, ...rest }
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(schemaFile)
  })

  it('describes every field', () => {
    const check = (schema: unknown, where: string): void => {
      if (typeof schema !== 'object' || schema === null) return
      const { properties, items } = schema as { properties?: Record<string, { description?: string }>; items?: unknown }
      for (const [name, property] of Object.entries(properties ?? {})) {
        expect(property.description, `${where}.${name}`).toMatch(/\.$/)
        check(property, `${where}.${name}`)
      }
      check(items, `${where}[]`)
    }
    check(JSON.parse(readFileSync(schemaFile, 'utf8')), 'report')
  })

  const directory = reportOf({
    release: undefined,
    image: {
      ...reportOf().image,
      digest: undefined,
      configDigest: undefined,
      layers: [{ digest: undefined, diffId: undefined, createdBy: '' }],
    },
    packages: [packageOf('a', '1', { module: 'a:1' })],
    gaps: [{ code: 'data-missing', where: 'debian', detail: 'This feed was never loaded.' }],
    data: [{ ...reportOf().data[0]!, generation: 0, checkedAt: null, importedAt: null, records: 0 }],
  })
  const variant = reportOf({
    image: { ...reportOf().image, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
  })

  it.each([
    ['an ordinary one', sampleReport(), {}],
    ['one without anything', reportOf({ data: [] }), {}],
    ['one of a directory, with gaps and a module', directory, {}],
    ['one of a platform with a variant', variant, {}],
    ['a filtered one', sampleReport(), { shown: { severity: 'high', onlyFixed: true, hidden: 3, setAside: [] } }],
    ['a hostile one', hostileReport(), {}],
  ] as const)('accepts %s, and knows every field of it', (_, report, options) => {
    const document = written(report, options)
    for (const schema of [JSON.parse(readFileSync(schemaFile, 'utf8')), closed(reportSchema)]) {
      const validate = validatorOf(schema)
      expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
    }
  })

  it('refuses a report that lacks a field or has a wrong one', () => {
    const validate = validatorOf(reportSchema)
    const good = written(sampleReport())
    expect(validate({ ...good, gaps: undefined })).toBe(false)
    expect(validate({ ...good, schemaVersion: 2 })).toBe(false)
    expect(validate({ ...good, findings: [{ ...good.findings[0], severity: 'bad' }] })).toBe(false)
    expect(validate({ ...good, image: { ...good.image, digest: 'sha256:short' } })).toBe(false)
  })
})

describe('the JSON report', () => {
  it('says of a package what it is and where it comes from', () => {
    const pkg = packageOf('libssl3', '3.0.9-1', { source: { name: 'openssl', version: '3.0.9' }, layer: 1 })
    expect(written(reportOf({ packages: [pkg] })).packages).toEqual([
      {
        type: 'deb',
        name: 'libssl3',
        version: '3.0.9-1',
        arch: 'amd64',
        source: { name: 'openssl', version: '3.0.9' },
        purl: pkg.purl,
        layer: { index: 1, digest: digestOf('b') },
        path: 'var/lib/dpkg/status',
      },
    ])
  })

  it('has the fields in one order, and one element a line', () => {
    const lines = [...json.write(sampleReport(), writerOptions())].join('').split('\n')
    expect(Object.keys(JSON.parse(lines.join('\n')))).toEqual(Object.keys(reportSchema.properties))
    expect(lines.filter((line) => line.startsWith('    {"id":"CVE-2023-38545"'))).toHaveLength(2)
  })

  it('keeps the text as it is, behind escapes', () => {
    const document = written(hostileReport())
    expect(document.findings.map(({ id }) => id)).toEqual(hostileReport().findings.map(({ id }) => id))
    expect(document.release?.prettyName).toContain('\u001b[2J')
  })

  it('says what was left out', () => {
    expect(written(sampleReport()).filter).toBeNull()
    const shown = { severity: undefined, onlyFixed: true, hidden: 7, setAside: [] }
    const filter = { severity: null, onlyFixed: true, hidden: 7, setAside: 0 }
    expect(written(sampleReport(), { shown }).filter).toEqual(filter)
    const setAside = [{ reason: 'it has headers', packages: ['linux-libc-dev'], findings: 9 }]
    const aside = { severity: undefined, onlyFixed: false, hidden: 0, setAside }
    expect(written(sampleReport(), { shown: aside }).filter).toEqual({
      ...filter,
      onlyFixed: false,
      hidden: 0,
      setAside: 9,
    })
    expect(written(reportOf({ release: bookworm })).release?.codename).toBe('bookworm')
  })

  it('is written in chunks', () => {
    const findings = Array.from({ length: 2000 }, () => sampleReport().findings[0]!)
    const chunks = [...json.write(reportOf({ findings }), writerOptions())]
    expect(chunks.length).toBeGreaterThan(10)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(100_000)
  })
})
