import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { image, post as index, manifestIn, reportPath } from '../../../../test/support/clair-v4.ts'
import { databases, type TestDatabase } from '../../../../test/support/databases.ts'
import { advisory, source, statement } from '../../../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, loadDebian, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { limits } from '../../../core/limits.ts'
import * as schemas from './schema.ts'

const ajv = new Ajv2020({ strict: false })
const { signal } = new AbortController()
const namespace = 'namespaces/debian:13/vulnerabilities'
const fix = { Name: 'curl', NamespaceName: 'debian:13', VersionFormat: 'dpkg', Version: '99.0-1' }
const own = { Name: 'OWN-1', NamespaceName: 'debian:13', Severity: 'defcon1', Link: 'https://example.org/1' }

/** The server of a test, asked for as Clair v1 is. */
function client(server: TestServer) {
  // biome-ignore lint/suspicious/noExplicitAny: a schema says what it is, where it matters
  return async (method: string, path: string, body?: object): Promise<{ status: number; body: any }> => {
    const response = await fetch(`${server.urls.api}/v1/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? '' : JSON.parse(text) }
  }
}

function check(schema: object, body: unknown): void {
  expect(ajv.validate(schema, body), JSON.stringify(ajv.errors)).toBe(true)
}

describe.each(databases)('vulnerabilities that people add on $name', ({ create }) => {
  let database: TestDatabase
  let server: TestServer
  let registry: TestRegistry
  let call: ReturnType<typeof client>

  beforeAll(async () => {
    database = await create()
    registry = await startRegistry(exampleLayout)
    server = await startTestServer({ database: database.location })
    call = client(server)
    expect((await index(server.urls.api, manifestIn(registry.host))).status).toBe(201)
    await server.engine.fleet.rejudge(signal)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  /** What reports say of it: package and first version without it. */
  const found = async (name = 'OWN-1') => {
    const response = await fetch(`${server.urls.api}${reportPath}/${image.digest}`)
    const report = (await response.json()) as {
      vulnerabilities: Record<string, { name: string; package: { name: string }; fixed_in_version: string }>
    }
    const all = Object.values(report.vulnerabilities).filter((one) => one.name === name)
    return [...new Set(all.map((one) => `${one.package.name} ${one.fixed_in_version}`))]
  }

  it('are part of matching as soon as they are there', async () => {
    expect(await found()).toEqual([])
    const posted = await call('POST', namespace, { Vulnerability: { ...own, Description: 'ours', FixedIn: [fix] } })
    expect(posted).toMatchObject({ status: 201, body: { Vulnerability: { Name: 'OWN-1' } } })
    expect(await found()).toEqual(['curl 99.0-1'])
    await server.engine.fleet.rejudge(signal)
    expect(await found()).toEqual(['curl 99.0-1'])
    const layer = {
      Name: 'top',
      Path: `http://${registry.host}/v2/test/image/blobs/${image.layers[0]}`,
      Format: 'Docker',
    }
    expect((await call('POST', 'layers', { Layer: layer })).status).toBe(201)
    const { body } = await call('GET', 'layers/top?vulnerabilities')
    check(schemas.layerSchema, body)
    const features = body.Layer.Features as { Name: string; Vulnerabilities?: { Name: string }[] }[]
    const told = features.flatMap(({ Name, Vulnerabilities = [] }) =>
      Vulnerabilities.filter((one) => one.Name === 'OWN-1').map((one) => ({ ...one, feature: Name })),
    )
    expect(told).toMatchObject([{ feature: 'curl', FixedBy: '99.0-1', Severity: 'Critical', Description: 'ours' }])
  })

  it('are read like those of feeds, and before them', async () => {
    const one = await call('GET', `${namespace}/OWN-1?fixedIn`)
    check(schemas.vulnerabilitySchema, one.body)
    expect(one.body.Vulnerability).toEqual({
      Name: 'OWN-1',
      NamespaceName: 'debian:13',
      Description: 'ours',
      Link: 'https://example.org/1',
      Severity: 'Defcon1',
      FixedIn: [{ Name: 'curl', NamespaceName: 'debian:13', Version: '99.0-1' }],
    })
    const all = await call('GET', `${namespace}?limit=100`)
    check(schemas.vulnerabilitiesSchema, all.body)
    const names = (all.body.Vulnerabilities as { Name: string }[]).map(({ Name }) => Name)
    expect(names[0]).toBe('OWN-1')
    expect(names).toContain('CVE-2099-1002')
    expect((await call('GET', 'namespaces/debian:12/vulnerabilities/OWN-1')).status).toBe(404)
  })

  it('stay over updates, and are a feed in what is told of the data', async () => {
    await server.engine.update([], { force: true, signal, progress: () => {} }).catch(() => {})
    await loadDebian(server.engine)
    expect(await found()).toEqual(['curl 99.0-1'])
    const data = await fetch(`${server.urls.api}/api/v1/data/${encodeURIComponent('own-debian-13')}`)
    expect(await data.json()).toMatchObject({ feed: 'own-debian-13', records: 1, gapList: [] })
  })

  it('go to other databases with the data', async () => {
    await using other = await startTestServer({ data: false })
    const { content } = await server.engine.exchange.export(['own'], {
      format: 'chiaro',
      compression: 'none',
      since: undefined,
      signal,
      progress: () => {},
    })
    const source = { bytes: content, where: 'test' }
    const { feeds } = await other.engine.exchange.import(source, [], { signal, progress: () => {} })
    expect(feeds.map(({ feed }) => feed)).toEqual(['own-debian-13'])
    expect((await client(other)('GET', `${namespace}/OWN-1/fixes`)).body.Features).toMatchObject([{ Name: 'curl' }])
  })

  it('have fixes that come, change and go', async () => {
    const fixes = `${namespace}/OWN-1/fixes`
    const put = await call('PUT', `${fixes}/curl`, { Feature: { ...fix, Version: '99.0-2' } })
    expect(put).toMatchObject({ status: 200, body: { Feature: { Name: 'curl', Version: '99.0-2' } } })
    expect(await found()).toEqual(['curl 99.0-2'])
    expect((await call('PUT', `${fixes}/glibc`, { Feature: { Name: 'glibc', Version: 'None' } })).status).toBe(200)
    const read = await call('GET', fixes)
    check(schemas.fixesSchema, read.body)
    expect(read.body.Features).toHaveLength(2)
    expect((await found()).sort()).toEqual(['curl 99.0-2', 'glibc '])
    expect(await call('DELETE', `${fixes}/curl`)).toEqual({ status: 200, body: '' })
    expect(await found()).toEqual(['glibc '])
    expect((await call('DELETE', `${fixes}/curl`)).status).toBe(404)
    expect((await call('PUT', `${fixes}/curl`, { Feature: { ...fix, Version: '0' } })).status).toBe(200)
    expect(await found()).toEqual(['glibc '])
  })

  it('are described anew, and keep their fixes; posted again, they have those of both', async () => {
    const changed = { Severity: 'LOW', Description: 'otherwise' }
    expect(await call('PUT', `${namespace}/OWN-1`, { Vulnerability: changed })).toMatchObject({
      status: 200,
      body: { Vulnerability: { Name: 'OWN-1', NamespaceName: 'debian:13' } },
    })
    const { body } = await call('GET', `${namespace}/OWN-1?fixedIn`)
    expect(body.Vulnerability).toMatchObject({ Severity: 'Low', Description: 'otherwise' })
    expect(body.Vulnerability).not.toHaveProperty('Link')
    expect(body.Vulnerability.FixedIn).toHaveLength(2)
    const FixedIn = [fix, { Name: 'zlib', Version: 'None' }]
    expect((await call('POST', namespace, { Vulnerability: { ...own, FixedIn } })).status).toBe(201)
    const names = (await call('GET', `${namespace}/OWN-1/fixes`)).body.Features.map(
      ({ Name }: { Name: string }) => Name,
    )
    expect(names.sort()).toEqual(['curl', 'glibc', 'zlib'])
  })

  it('are there, each of them, when many come at once', async () => {
    const names = Array.from({ length: 20 }, (_, number) => `MANY-${number}`)
    const all = await Promise.all(names.map((Name) => call('POST', namespace, { Vulnerability: { ...own, Name } })))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]))
    const { body } = await call('GET', `${namespace}?limit=30`)
    expect(body.Vulnerabilities.map(({ Name }: { Name: string }) => Name)).toEqual(expect.arrayContaining(names))
    await Promise.all(names.map((name) => call('DELETE', `${namespace}/${name}`)))
  })

  it('are gone when they are removed, the last one as well', async () => {
    expect(await call('DELETE', `${namespace}/OWN-1`)).toEqual({ status: 200, body: '' })
    expect(await found()).toEqual([])
    expect((await call('GET', `${namespace}/OWN-1`)).status).toBe(404)
    expect((await call('DELETE', `${namespace}/OWN-1`)).status).toBe(404)
    expect(await server.engine.store.verify()).toEqual([])
  })

  it.each([
    ['POST', namespace, undefined, 400, 'JSON'],
    ['POST', namespace, {}, 400, 'failed to provide vulnerability'],
    ['POST', namespace, { Vulnerability: { ...own, Name: '' } }, 400, 'name'],
    ['POST', namespace, { Vulnerability: { ...own, Severity: 'dire' } }, 400, 'failed to parse severity'],
    ['POST', namespace, { Vulnerability: { ...own, Severity: undefined } }, 400, 'failed to parse severity'],
    ['POST', namespace, { Vulnerability: { ...own, NamespaceName: 'plan9:4' } }, 400, 'plan9:4'],
    ['POST', namespace, { Vulnerability: { ...own, Link: 'javascript:alert(1)' } }, 400, 'http'],
    ['POST', namespace, { Vulnerability: { ...own, FixedIn: [{ ...fix, Version: 'a b' }] } }, 400, 'version'],
    ['POST', namespace, { Vulnerability: { ...own, FixedIn: [{ ...fix, Name: 'a arch=b' }] } }, 400, 'spaces'],
    ['POST', namespace, { Vulnerability: { ...own, FixedIn: [{ ...fix, VersionFormat: 'rpm' }] } }, 400, 'dpkg'],
    [
      'POST',
      namespace,
      { Vulnerability: { ...own, FixedIn: [{ ...fix, NamespaceName: 'debian:9' }] } },
      400,
      'another',
    ],
    ['PUT', `${namespace}/OWN-2`, { Vulnerability: { ...own } }, 404, 'cannot be found'],
    ['PUT', `${namespace}/OWN-2`, { Vulnerability: { ...own, FixedIn: [] } }, 400, 'must be empty'],
    ['PUT', `${namespace}/CVE-2099-1002`, { Vulnerability: { ...own } }, 400, 'of the feed debian'],
    ['DELETE', `${namespace}/CVE-2099-1002`, undefined, 400, 'of the feed debian'],
    ['DELETE', 'namespaces/plan9:4/vulnerabilities/OWN-1', undefined, 404, 'cannot be found'],
    ['PUT', `${namespace}/OWN-2/fixes/curl`, {}, 400, 'failed to provide feature'],
    ['PUT', `${namespace}/OWN-2/fixes/curl`, { Feature: { ...fix, Name: 'wget' } }, 400, 'do not match'],
    ['PUT', `${namespace}/OWN-2/fixes/curl`, { Feature: fix }, 404, 'cannot be found'],
    ['DELETE', `${namespace}/OWN-2/fixes/curl`, undefined, 404, 'cannot be found'],
  ] as const)('%s %s with %j is %i %s', async (method, path, body, status, message) => {
    const answer = await call(method, path, body)
    check(schemas.errorSchema, answer.body)
    expect([answer.status, answer.body.Error.Message]).toEqual([status, expect.stringContaining(message)])
  })
})

it('no more than limits.ownVulnerabilities are kept in a namespace', async () => {
  await using server = await startTestServer()
  const call = client(server)
  const records = Array.from({ length: limits.ownVulnerabilities }, (_, number) => advisory(`OWN-${number}`, []))
  await server.engine.store.advisories.import(source(records, { id: 'own-debian-13' }), signal)
  const refused = await call('POST', namespace, { Vulnerability: { ...own, Name: 'ONE-MORE' } })
  expect([refused.status, refused.body.Error.Message]).toEqual([400, expect.stringContaining('already')])
  expect((await call('POST', namespace, { Vulnerability: { ...own, Name: 'OWN-7' } })).status).toBe(201)
})

it('what is added to a release does not hide that no vendor says anything about it', async () => {
  await using server = await startTestServer({ data: false })
  await using registry = await startRegistry(exampleLayout)
  const records = [advisory('CVE-1', [statement('debian:12', 'curl', '1')])]
  await server.engine.store.advisories.import(source(records), signal)
  expect((await client(server)('POST', namespace, { Vulnerability: { ...own, FixedIn: [fix] } })).status).toBe(201)
  expect((await index(server.urls.api, manifestIn(registry.host))).status).toBe(201)
  const report = await fetch(`${server.urls.api}${reportPath}/${image.digest}`)
  expect(await report.json()).toMatchObject({
    gaps: expect.arrayContaining([expect.objectContaining({ code: 'release-without-data', where: 'debian:13' })]),
  })
})
