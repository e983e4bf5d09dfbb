import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, finished } from '../../../../test/support/chiaro-v1.ts'
import { databases, type TestDatabase } from '../../../../test/support/databases.ts'
import { advisory, source, statement } from '../../../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../../../test/support/server.ts'
import type { AffectedImageBody, EventBody, ImageBody, JobBody } from './schema.ts'

interface PageOf<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}
interface FindingBody {
  readonly id: string
  readonly package: string
  readonly severity: string
  readonly state: string
  readonly version: string
}

const image = layoutManifest(exampleLayout)
const unknown = `sha256:${'0'.repeat(64)}`

describe.each(databases)('images, in $name', ({ create }) => {
  let database: TestDatabase
  let registry: TestRegistry
  let server: TestServer

  beforeAll(async () => {
    database = await create()
    registry = await startRegistry(exampleLayout)
    server = await startTestServer({ database: database.location })
  }, 60_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const submit = (json: object, own = server) => ask<JobBody>(own, 'POST', '/images', { json })
  const pages = async <Item>(path: string): Promise<readonly Item[]> => {
    const items: Item[] = []
    for (let next: string | null = ''; next !== null; ) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const { status, body } = await ask<PageOf<Item>>(server, 'GET', `${path}limit=3${cursor}`)
      expect(status).toBe(200)
      expect(body.items.length).toBeLessThanOrEqual(3)
      items.push(...body.items)
      next = body.next
    }
    return items
  }

  it('are pulled by the server itself, while the job tells how far it is', async () => {
    const reference = `${registry.host}/test/image:debian`
    const submitted = await submit({ reference })
    expect(submitted.status).toBe(202)
    expect(submitted.body).toMatchObject({ state: 'queued', reference, platform: null, image: null, error: null })
    const location = submitted.headers.get('location')!
    expect(location).toBe(`/api/v1/jobs/${submitted.body.id}`)
    const job = await finished<JobBody>(server, `/jobs/${submitted.body.id}`)
    expect(job).toMatchObject({ state: 'succeeded', progress: null, error: null })
    expect(job.image).toEqual({ digest: image.digest, href: `/api/v1/images/${image.digest}` })
    const listed = await ask<PageOf<ImageBody>>(server, 'GET', '/images')
    expect(listed.body.items).toMatchObject([{ digest: image.digest, names: [reference] }])
    expect(listed.body.next).toBeNull()
  })

  it('are not read again', async () => {
    const requests = registry.requests.length
    const { body } = await submit({ reference: `${registry.host}/test/image:debian`, platform: 'linux/amd64' })
    expect(await finished<JobBody>(server, `/jobs/${body.id}`)).toMatchObject({ state: 'succeeded' })
    expect(registry.requests.slice(requests).filter((line) => line.includes('/blobs/'))).toEqual([])
  })

  it('are told of, with their findings counted', async () => {
    const { body } = await ask<object>(server, 'GET', `/images/${image.digest}`)
    expect(body).toMatchObject({
      digest: image.digest,
      release: { id: 'debian', versionId: '13' },
      findings: { critical: 0, high: 4, medium: 0, low: 2, negligible: 2, unknown: 0 },
      fixable: 4,
    })
    expect((await ask(server, 'GET', `/images/${unknown}`)).body).toMatchObject({ code: 'NOT_FOUND', status: 404 })
  })

  it('have findings: filtered, sorted, page by page', async () => {
    const found = async (query: string) =>
      (await pages<FindingBody>(`/images/${image.digest}/findings?${query}`)).map(
        (finding) => `${finding.severity} ${finding.id} ${finding.package}`,
      )
    const all = await found('')
    expect(all).toEqual([
      'high CVE-2099-1002 curl',
      'high CVE-2099-1002 libcurl4t64',
      'high CVE-2099-1004 libssl3t64',
      'high CVE-2099-1004 openssl',
      'low CVE-2099-1005 libssl3t64',
      'low CVE-2099-1005 openssl',
      'negligible CVE-2099-1003 libc-bin',
      'negligible CVE-2099-1003 libc6',
    ])
    expect(await found('severity=low&')).toEqual(all.slice(0, 6))
    expect(await found('fixable=true&')).toEqual(all.slice(0, 4))
    expect(await found('fixable=false&')).toEqual(all.slice(4))
    expect(await found('package=openssl&')).toEqual([all[2], all[3], all[4], all[5]])
    expect(await found('package=libssl3t64&severity=high&')).toEqual([all[2]])
    expect(await found('id=CVE-2099-1003&')).toEqual(all.slice(6))
    expect(await found('sort=risk&')).toEqual(all)
    expect(await found('id=nothing&')).toEqual([])
  })

  it('have a report, and a timeline with causes', async () => {
    const { body } = await ask<{ image: { reference: string; tags: string[] }; findings: object[] }>(
      server,
      'GET',
      `/images/${image.digest}/report`,
    )
    expect(body.image).toMatchObject({ reference: `${registry.host}/test/image:debian`, digest: image.digest })
    expect(body.findings).toHaveLength(8)
    const timeline = await pages<EventBody>(`/images/${image.digest}/timeline?`)
    expect(timeline).toHaveLength(8)
    expect(new Set(timeline.map(({ change, cause }) => `${change} ${cause.kind}`))).toEqual(new Set(['opened image']))
    expect((await ask(server, 'GET', `/images/${unknown}/timeline`)).status).toBe(404)
    expect((await ask(server, 'GET', `/images/${unknown}/report`)).status).toBe(404)
    expect((await ask(server, 'GET', `/images/${unknown}/findings`)).status).toBe(404)
  })

  it('are found by what is in them', async () => {
    const digests = async (path: string) => {
      const { body } = await ask<PageOf<AffectedImageBody>>(server, 'GET', path)
      return body.items.map(({ digest, packages }) => [digest, packages.map(({ name }) => name).sort()])
    }
    const curl = [[image.digest, ['curl', 'libcurl4t64']]]
    expect(await digests('/vulnerabilities/CVE-2099-1002/images')).toEqual(curl)
    expect(await digests('/vulnerabilities/CVE-2099-1002/images?package=curl')).toEqual([[image.digest, ['curl']]])
    expect(await digests('/vulnerabilities/CVE-1/images')).toEqual([])
    expect(await digests('/packages/libc6/images')).toEqual([[image.digest, ['libc6']]])
    expect(await digests('/packages/libc6/images?version=0')).toEqual([])
    expect(await digests('/packages/%40a%2Fb/images')).toEqual([])
    expect((await ask<PageOf<ImageBody>>(server, 'GET', '/images?name=image:deb')).body.items).toHaveLength(1)
    expect((await ask<PageOf<ImageBody>>(server, 'GET', '/images?name=other')).body.items).toEqual([])
  })

  it('are not sent again while nothing changes, and a HEAD has no body', async () => {
    for (const path of ['', '/findings', '/findings?severity=low', '/report', '/timeline']) {
      const first = await ask(server, 'GET', `/images/${image.digest}${path}`)
      const etag = first.headers.get('etag')!
      expect(etag, path).toMatch(/^W\/"/)
      for (const known of [etag, `"x", ${etag}`, etag.slice(2), '*']) {
        const again = await ask(server, 'GET', `/images/${image.digest}${path}`, {
          headers: { 'if-none-match': known },
        })
        expect([again.status, again.headers.get('etag')], `${path} ${known}`).toEqual([304, etag])
      }
      const other = await ask(server, 'GET', `/images/${image.digest}${path}`, { headers: { 'if-none-match': '"x"' } })
      expect(other.status).toBe(200)
      const head = await fetch(`${server.urls.api}/api/v1/images/${image.digest}${path}`, { method: 'HEAD' })
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, ''])
    }
  })

  it('are judged again when data changes, and the timeline says by what', async () => {
    const before = await ask(server, 'GET', `/images/${image.digest}/findings`)
    const records = [advisory('CVE-2099-9999', [statement('debian:13', 'curl', '9:1')])]
    await server.engine.store.advisories.import(source(records), new AbortController().signal)
    await server.engine.fleet.rejudge(new AbortController().signal)
    const etag = before.headers.get('etag')!
    const after = await ask<PageOf<FindingBody>>(server, 'GET', `/images/${image.digest}/findings`, {
      headers: { 'if-none-match': etag },
    })
    expect([after.status, after.body.items.map(({ id }) => id)]).toEqual([200, ['CVE-2099-9999', 'CVE-2099-9999']])
    const { body } = await ask<PageOf<EventBody>>(server, 'GET', `/images/${image.digest}/timeline?limit=10`)
    const causes = body.items.map(({ change, vulnerability, cause }) => `${change} ${vulnerability} ${cause.kind}`)
    expect(causes.filter((text) => text === 'opened CVE-2099-9999 data')).toHaveLength(2)
    expect(causes.filter((text) => /^closed .* data$/.test(text))).toHaveLength(8)
    expect(body.items[0]!.cause).toEqual({ kind: 'data', feed: 'debian', from: 1, to: 2, rules: null })
  })

  it('are forgotten', async () => {
    const path = `/images/${image.digest}`
    expect((await ask(server, 'DELETE', path)).status).toBe(204)
    expect((await ask(server, 'DELETE', path)).status).toBe(404)
    expect((await ask(server, 'GET', `${path}/report`)).status).toBe(404)
    expect((await ask<PageOf<ImageBody>>(server, 'GET', '/images')).body.items).toEqual([])
  })

  it('are known to a second process, and so are jobs', async () => {
    const { body } = await submit({ reference: `${registry.host}/test/image:debian` })
    const job = await finished<JobBody>(server, `/jobs/${body.id}`)
    await using other = await startTestServer({ database: database.location, data: false })
    for (let tries = 0; tries < 50; tries++) {
      const known = await ask<JobBody>(other, 'GET', `/jobs/${body.id}`)
      if (known.status === 200 && known.body.endedAt !== null) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect((await ask(other, 'GET', `/jobs/${body.id}`)).body).toEqual(job)
    expect((await ask(other, 'GET', `/images/${image.digest}`)).status).toBe(200)
    expect((await ask(other, 'GET', `/updates/${body.id}`)).status).toBe(404)
  })
})
