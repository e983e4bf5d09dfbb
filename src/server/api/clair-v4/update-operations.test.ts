import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checked } from '../../../../test/support/clair-v4.ts'
import { advisory, source, statement } from '../../../../test/support/records.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import type { Advisory } from '../../../core/advisory.ts'
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
})
