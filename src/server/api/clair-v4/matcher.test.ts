import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checked, image, manifestIn, post, reportPath } from '../../../../test/support/clair-v4.ts'
import { digestOf, tarOf } from '../../../../test/support/layout.ts'
import { advisory, fact, source, statement } from '../../../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import type { Json } from '../../../core/advisory.ts'
import * as schemas from './schema.ts'

let registry: TestRegistry
let server: TestServer
let api: string

beforeAll(async () => {
  registry = await startRegistry(exampleLayout)
  server = await startTestServer()
  api = server.urls.api
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

describe('what cannot be told', () => {
  const alpine = layoutManifest(exampleLayout, 'alpine')

  it('is no report at all while the data that the image needs is missing', async () => {
    expect((await post(api, manifestIn(registry.host, alpine))).status).toBe(201)
    const report = await fetch(`${api}${reportPath}/${alpine.digest}`)
    expect([report.status, await report.text()]).toEqual([202, ''])
  })

  it('is in the reports', async () => {
    const tar = await tarOf({ 'etc/hostname': 'nothing to see' })
    const hash = digestOf(tar)
    const files = createServer((_, response) => response.end(tar))
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(files.address() as AddressInfo).port}/`
    const submitted = await post(api, { hash, layers: [{ hash, uri }] })
    files.close()
    expect(await checked(submitted, schemas.indexReportSchema)).toMatchObject({ packages: {}, distributions: {} })
    const report = await fetch(`${api}${reportPath}/${hash}`)
    expect(await checked(report, schemas.vulnerabilityReportSchema)).toMatchObject({
      vulnerabilities: {},
      gaps: [{ code: 'no-packages' }],
    })
  })
})

it('what an erratum covers has the date and the words of the erratum', async () => {
  await using own = await startTestServer({ data: false })
  const { vulnerability, statements } = advisory('DSA-2099-1', [statement('debian:13', 'curl', '99')])
  const ratings = [{ severity: 'high', source: 'debian', original: 'important' }] as const
  const erratum = { ...vulnerability, covers: ['CVE-2099-7', 'CVE-2099-8'], published: '2099-01-02T00:00:00Z', ratings }
  const records = [{ vulnerability: erratum, statements }]
  await own.engine.store.advisories.import(source(records), new AbortController().signal)
  expect((await post(own.urls.api, manifestIn(registry.host))).status).toBe(201)
  const response = await fetch(`${own.urls.api}${reportPath}/${image.digest}`)
  const report = await checked<schemas.ClairVulnerabilityReport>(response, schemas.vulnerabilityReportSchema)
  const said = { issued: '2099-01-02T00:00:00.000Z', severity: 'important', normalized_severity: 'High' }
  const found = Object.values(report.vulnerabilities).sort((left, right) => (left.name < right.name ? -1 : 1))
  expect(found).toMatchObject([
    { name: 'CVE-2099-7', ...said },
    { name: 'CVE-2099-8', ...said },
  ])
})

describe('enrichment', () => {
  const cvss = /enricher=clair\.cvss /
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N'
  const load = (own: TestServer, id: string, value: Json, dataTime?: string) =>
    own.engine.store.advisories.import(
      source([fact('CVE-2099-1002', value)], { id, ...(dataTime && { dataTime }) }),
      new AbortController().signal,
    )
  const loadScores = (own: TestServer) => load(own, 'nvd-2099', [null, [['nvd', vector, 9.1]], []])
  const loadAll = async (own: TestServer) => {
    await loadScores(own)
    await load(own, 'epss', [0.25, 0.97], '2099-02-03T00:00:00Z')
    await load(own, 'kev', ['2099-02-01', '2099-02-22', true])
  }

  /** What is known of vulnerabilities by the beginning of an enricher's name, by their names. */
  function enriched(report: schemas.ClairVulnerabilityReport, wanted: RegExp): unknown {
    const [[, [known]]] = Object.entries(report.enrichments).filter(([name]) => wanted.test(name)) as [
      [string, [Record<string, unknown>]],
    ]
    return Object.fromEntries(Object.entries(known).map(([id, list]) => [report.vulnerabilities[id]!.name, list]))
  }

  async function reportOf(own: TestServer): Promise<schemas.ClairVulnerabilityReport> {
    expect((await post(own.urls.api, manifestIn(registry.host))).status).toBe(201)
    const response = await fetch(`${own.urls.api}${reportPath}/${image.digest}`)
    return checked(response, schemas.vulnerabilityReportSchema)
  }

  it("has NVD's scores first, by the ids of vulnerabilities", async () => {
    await using own = await startTestServer()
    expect((await reportOf(own)).gaps).toContainEqual(
      expect.objectContaining({ code: 'enrichment-missing', where: 'nvd' }),
    )
    await loadAll(own)
    const report = await reportOf(own)
    expect(enriched(report, cvss)).toEqual({
      'CVE-2099-1002': [{ version: '3.1', vectorString: vector, baseScore: 9.1, baseSeverity: 'CRITICAL' }],
    })
    expect(report).not.toHaveProperty('gaps')
    const operations = await fetch(`${own.urls.api}/matcher/api/v1/internal/update_operation?kind=enrichment`)
    expect(Object.keys(await checked<object>(operations, schemas.updateOperationsSchema))).toEqual([
      'epss',
      'kev',
      'nvd-2099',
    ])
    const others = await fetch(`${own.urls.api}/matcher/api/v1/internal/update_operation?kind=vulnerability`)
    expect(Object.keys(await checked<object>(others, schemas.updateOperationsSchema))).not.toContain('nvd-2099')
  })

  it('has how likely exploitation is, and what is known to be exploited, as Clair’s enrichers name it', async () => {
    await using own = await startTestServer()
    await loadAll(own)
    const report = await reportOf(own)
    expect(enriched(report, /^message\/vnd\.clair\.map\.vulnerability; enricher=clair\.epss schema=none$/)).toEqual({
      'CVE-2099-1002': [{ modelVersion: '', date: '2099-02-03', cve: 'CVE-2099-1002', epss: 0.25, percentile: 0.97 }],
    })
    expect(enriched(report, /^message\/vnd\.clair\.map\.vulnerability; enricher=clair\.kev schema=none$/)).toEqual({
      'CVE-2099-1002': [
        {
          cve: 'CVE-2099-1002',
          vulnerability_name: '',
          catalog_version: '',
          date_added: '2099-02-01',
          short_description: '',
          required_action: '',
          due_date: '2099-02-22',
          known_ransomware_campaign_use: 'Known',
        },
      ],
    })
  })

  it('is that of the enrichers that are selected', async () => {
    await using own = await startTestServer({ config: { updaters: { sets: ['debian', 'clair.kev'] } } })
    await loadAll(own)
    expect(Object.keys((await reportOf(own)).enrichments)).toEqual([
      'message/vnd.clair.map.vulnerability; enricher=clair.kev schema=none',
    ])
  })

  it.each([{ matcher: { disable_updaters: true, disable_enrichment: true } }, { updaters: { sets: ['debian'] } }])(
    'is left out with %j',
    async (config) => {
      await using own = await startTestServer({ config })
      await loadAll(own)
      const report = await reportOf(own)
      expect(report.enrichments).toEqual({})
      expect(report).not.toHaveProperty('gaps')
    },
  )
})
