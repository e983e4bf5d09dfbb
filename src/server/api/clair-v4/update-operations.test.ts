import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checked, image, manifestIn, post, reportPath } from '../../../../test/support/clair-v4.ts'
import { databases, type TestDatabase } from '../../../../test/support/databases.ts'
import { advisory, fact, source, statement } from '../../../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import type { Advisory } from '../../../core/advisory.ts'
import type { Digest } from '../../../core/digest.ts'
import * as schemas from './schema.ts'

let server: TestServer
let api: string

beforeAll(async () => {
  server = await startTestServer()
  api = server.urls.api
})
afterAll(() => server[Symbol.asyncDispose]())

describe('update operations', () => {
  const path = '/matcher/api/v1/internal'

  it('are the generations of feeds, and differ in what they say', async () => {
    const response = await fetch(`${api}${path}/update_operation?kind=vulnerability&latest=true`)
    const operations = await checked<Record<string, schemas.ClairUpdateOperation[]>>(
      response,
      schemas.updateOperationsSchema,
    )
    const [operation] = operations.debian!
    expect(operation).toMatchObject({ updater: 'debian', kind: '' })
    const etag = response.headers.get('etag')!
    expect(Object.values(operations).map(([first]) => `"${first!.ref}"`)).toContain(etag)
    const same = await fetch(`${api}${path}/update_operation?kind=vulnerability`, {
      headers: { 'if-none-match': etag },
    })
    expect(same.status).toBe(304)
    const enrichment = await fetch(`${api}${path}/update_operation?kind=enrichment`)
    expect(await checked(enrichment, schemas.updateOperationsSchema)).toEqual({})

    const all = await fetch(`${api}${path}/update_diff?cur=${operation!.ref}`)
    expect(all.status).toBe(200)
    const diff = await checked<{ added: schemas.ClairVulnerability[]; removed: null; cur: object }>(
      all,
      schemas.updateDiffSchema,
    )
    expect(diff.cur).toEqual(operation)
    expect(diff.removed).toBeNull()
    expect(diff.added.map(({ name }) => name)).toContain('CVE-2099-1002')
    const none = await fetch(`${api}${path}/update_diff?cur=${operation!.ref}&prev=${operation!.ref}`)
    expect(await checked(none, schemas.updateDiffSchema)).toMatchObject({ added: null, removed: null })
    const gone = '11111111-1111-4111-8111-111111111111'
    expect((await fetch(`${api}${path}/update_diff?cur=${gone}`)).status).toBe(404)
  })

  it('tell what came, what went, and both for what changed; an advisory for each vulnerability that it covers', async () => {
    await using own = await startTestServer({ data: false })
    const { advisories } = own.engine.store
    const load = (records: readonly Advisory[], fingerprint: string) =>
      advisories.import(source(records, { fingerprint }), new AbortController().signal)
    const rhsa = advisory('RHSA-2099:1', [statement('debian:13', 'b', '2')])
    const covers = { ...rhsa, vulnerability: { ...rhsa.vulnerability, covers: ['CVE-2', 'CVE-3'] } }
    await load(
      [advisory('CVE-1', [statement('debian:13', 'a', '1')]), advisory('CVE-4', [statement('debian:13', 'd', '1')])],
      'one',
    )
    await load([advisory('CVE-1', [statement('debian:13', 'a', '1.1')]), covers], 'two')
    const base = `${own.urls.api}${path}`
    const all = await fetch(`${base}/update_operation?kind=vulnerability`)
    const { debian } = await checked<Record<string, schemas.ClairUpdateOperation[]>>(
      all,
      schemas.updateOperationsSchema,
    )
    expect(debian!.map(({ fingerprint }) => fingerprint)).toEqual(['two', 'one'])
    const [cur, prev] = debian!
    const shown = async (query: string) => {
      const response = await fetch(`${base}/update_diff?${query}`)
      const diff = await checked<Record<'added' | 'removed', schemas.ClairVulnerability[] | null>>(
        response,
        schemas.updateDiffSchema,
      )
      const list = (side: schemas.ClairVulnerability[] | null) =>
        side?.map(({ name, package: pkg, fixed_in_version }) => `${name} ${pkg.name} ${fixed_in_version}`).sort()
      return [list(diff.added), list(diff.removed)]
    }
    expect(await shown(`cur=${cur!.ref}&prev=${prev!.ref}`)).toEqual([
      ['CVE-1 a 1.1', 'CVE-2 b 2', 'CVE-3 b 2'],
      ['CVE-1 a 1', 'CVE-4 d 1'],
    ])
    expect(await shown(`cur=${prev!.ref}`)).toEqual([['CVE-1 a 1', 'CVE-4 d 1'], undefined])
    expect(await shown(`cur=${prev!.ref}&prev=${cur!.ref}`)).toEqual([
      ['CVE-1 a 1', 'CVE-4 d 1'],
      ['CVE-1 a 1.1', 'CVE-2 b 2', 'CVE-3 b 2'],
    ])
  })

  it('of what enriches differ in nothing, as only vulnerabilities are told', async () => {
    await using own = await startTestServer({ data: false })
    const load = (value: number) =>
      own.engine.store.advisories.import(
        source([fact('CVE-2099-1', [value, value])], { id: 'epss', keepsHistory: false, fingerprint: `${value}` }),
        new AbortController().signal,
      )
    await load(0.1)
    await load(0.2)
    const base = `${own.urls.api}${path}`
    const operations = await fetch(`${base}/update_operation?kind=enrichment`)
    const { epss } = await checked<Record<string, schemas.ClairUpdateOperation[]>>(
      operations,
      schemas.updateOperationsSchema,
    )
    const [cur, prev] = epss!
    for (const query of [`cur=${cur!.ref}&prev=${prev!.ref}`, `cur=${prev!.ref}`]) {
      const diff = await fetch(`${base}/update_diff?${query}`)
      expect(await checked(diff, schemas.updateDiffSchema)).toMatchObject({ added: null, removed: null })
    }
  })
})

describe.each(databases)('an update operation that is deleted on $name', ({ create }) => {
  let database: TestDatabase
  let own: TestServer
  let registry: TestRegistry
  let base: string

  beforeAll(async () => {
    database = await create()
    registry = await startRegistry(exampleLayout)
    own = await startTestServer({ data: false, database: database.location })
    base = `${own.urls.api}/matcher/api/v1/internal`
    await load('one', '1')
    expect((await post(own.urls.api, manifestIn(registry.host))).status).toBe(201)
  })
  afterAll(async () => {
    await own[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const load = (fingerprint: string, version: string) =>
    own.engine.store.advisories.import(
      source([advisory('CVE-1', [statement('debian:13', 'curl', `99-${version}`)])], { fingerprint }),
      new AbortController().signal,
    )
  const operations = async () => {
    const response = await fetch(`${base}/update_operation?kind=vulnerability`)
    const all = await checked<Record<string, schemas.ClairUpdateOperation[]>>(response, schemas.updateOperationsSchema)
    return { list: all.debian!, etag: response.headers.get('etag') }
  }
  const remove = async (ref: string) => {
    const response = await fetch(`${base}/update_operation/${ref}`, { method: 'DELETE' })
    return [response.status, await response.text()]
  }
  const fixes = async () => {
    const response = await fetch(`${own.urls.api}${reportPath}/${image.digest}`)
    const report = await checked<schemas.ClairVulnerabilityReport>(response, schemas.vulnerabilityReportSchema)
    return [...new Set(Object.values(report.vulnerabilities).map(({ fixed_in_version }) => fixed_in_version))]
  }
  const diff = (query: string) => fetch(`${base}/update_diff?${query}`)

  it('is gone, and so are the answers about it; deleting it again changes nothing', async () => {
    await load('two', '2')
    await load('three', '3')
    const [three, two, one] = (await operations()).list
    expect(await remove(two!.ref)).toEqual([200, ''])
    expect(await remove(two!.ref.toUpperCase())).toEqual([200, ''])
    expect((await operations()).list).toEqual([three, one])
    expect((await diff(`cur=${two!.ref}`)).status).toBe(404)
    expect((await diff(`cur=${three!.ref}&prev=${two!.ref}`)).status).toBe(404)
    const rest = await checked<{ added: schemas.ClairVulnerability[]; removed: schemas.ClairVulnerability[] }>(
      await diff(`cur=${three!.ref}&prev=${one!.ref}`),
      schemas.updateDiffSchema,
    )
    const shown = [rest.added, rest.removed].map((side) => side.map(({ fixed_in_version }) => fixed_in_version))
    expect(shown).toEqual([['99-3'], ['99-1']])
  })

  it('gives its place to the one before it when it is the newest, and images are judged by that', async () => {
    const { signal } = new AbortController()
    await own.engine.fleet.rejudge(signal)
    expect(await fixes()).toEqual(['99-3'])
    const { list, etag } = await operations()
    expect(await remove(list[0]!.ref)).toEqual([200, ''])
    expect(await fixes()).toEqual(['99-1'])
    const after = await operations()
    expect(after.list.map(({ fingerprint }) => fingerprint)).toEqual(['one', 'one'])
    expect(after.etag).not.toBe(etag)
    await own.engine.fleet.rejudge(signal)
    expect(await fixes()).toEqual(['99-1'])
    const { items } = await own.engine.store.fleet.timeline(image.digest as Digest, { after: undefined, limit: 10 })
    expect(items[0]).toMatchObject({ change: 'opened', cause: { kind: 'data', feed: 'debian', from: 3, to: 4 } })
  })

  it('stays when it is the only one: without it nothing would be found', async () => {
    const { list } = await operations()
    await remove(list[1]!.ref)
    const [status, body] = await remove(list[0]!.ref)
    expect(status).toBe(409)
    expect(JSON.parse(body as string)).toMatchObject({
      code: 'internal-error',
      message: expect.stringContaining('only'),
    })
    expect((await operations()).list).toEqual([list[0]])
    expect(await fixes()).toEqual(['99-1'])
  })

  it('is named by a UUID', async () => {
    const [status, body] = await remove('none')
    expect(status).toBe(400)
    expect(JSON.parse(body as string).message).toMatch(/^could not deserialize manifest: /)
    expect(await remove('11111111-1111-4111-8111-111111111111')).toEqual([200, ''])
    expect((await fetch(`${base}/update_operation/11111111-1111-4111-8111-111111111111`)).status).toBe(405)
  })
})
