import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fleetImage, fleetPackage, judgement } from '../../../../test/support/fleet.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'
import { affectedManifestsSchema } from './schema.ts'

const isAnswer = new Ajv2020({ strict: false }).compile(affectedManifestsSchema)
const path = '/indexer/api/v1/internal/affected_manifest'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ data: false })
  const { fleet } = server.engine.store
  const libssl = fleetPackage('libssl3', '1', {
    package: {
      type: 'deb',
      name: 'libssl3',
      version: '1+b1',
      arch: 'amd64',
      source: { name: 'openssl', version: '1' },
    },
  })
  const sets = [[libssl], [libssl, fleetPackage('zlib', '5')], [fleetPackage('openssl', '3')]]
  const operation = await fleet.begin({ kind: 'image' })
  for (const [number, set] of sets.entries()) {
    const unjudged = await fleet.putImage(fleetImage(number + 1), [set])
    await fleet.judge(operation, 'rules', unjudged, async (asked) => asked.map((one) => judgement(one, [])))
  }
})
afterAll(() => server[Symbol.asyncDispose]())

const vulnerability = (id: string, name: string, fixed: string, severity = 'Low') => ({
  id,
  updater: 'debian',
  name: `CVE-${id}`,
  normalized_severity: severity,
  package: { name, version: '', kind: 'source' },
  distribution: { did: 'debian', version_id: '12' },
  fixed_in_version: fixed,
})

const ask = (body: unknown, slash = '/') =>
  fetch(`${server.urls.api}${path}${slash}`, { method: 'POST', body: JSON.stringify(body) })

async function manifests(body: unknown): Promise<Record<string, string[]>> {
  const response = await ask(body)
  expect(response.status).toBe(200)
  const answer = (await response.json()) as { vulnerable_manifests: Record<string, string[]> }
  expect(isAnswer(answer), JSON.stringify(isAnswer.errors)).toBe(true)
  return Object.fromEntries(
    Object.entries(answer.vulnerable_manifests).map(([digest, ids]) => [String(Number(digest.slice(7))), ids]),
  )
}

describe('the images that vulnerabilities affect', () => {
  it('are those with an older version of the package, by source, the most severe vulnerability first', async () => {
    const low = vulnerability('1', 'openssl', '2')
    const high = vulnerability('2', 'openssl', '2', 'High')
    const other = vulnerability('3', 'zlib', '5.1', 'Medium')
    expect(await manifests({ vulnerabilities: [low, high, other] })).toEqual({ 1: ['2', '1'], 2: ['2', '3', '1'] })
  })

  it('are all with the package where nothing is fixed, and none where it is fixed in what they have', async () => {
    expect(await manifests({ vulnerabilities: [vulnerability('1', 'openssl', '')] })).toEqual({
      1: ['1'],
      2: ['1'],
      3: ['1'],
    })
    expect(await manifests({ vulnerabilities: [vulnerability('1', 'openssl', '1')] })).toEqual({})
    const elsewhere = { ...vulnerability('1', 'openssl', ''), distribution: { did: 'debian', version_id: '11' } }
    expect(await manifests([elsewhere, { ...elsewhere, distribution: null }])).toEqual({})
  })

  it('come with the vulnerabilities that affect any, as they were asked for', async () => {
    const affecting = { ...vulnerability('1', 'openssl', '2'), own: [1] }
    for (const slash of ['', '/']) {
      const answer = (await (await ask([affecting, vulnerability('2', 'none', '')], slash)).json()) as object
      expect(answer).toMatchObject({ vulnerabilities: { 1: affecting } })
      expect(Object.keys((answer as { vulnerabilities: object }).vulnerabilities)).toEqual(['1'])
    }
  })

  it('are asked for in JSON, and answered as the client likes it', async () => {
    for (const body of [undefined, null, {}, { vulnerabilities: 1 }, [{ id: 1 }], [{ id: 'a', package: {} }]]) {
      const response = await ask(body)
      expect([response.status, await response.json()]).toEqual([
        400,
        { code: 'bad-request', message: expect.stringContaining('failed to deserialize vulnerabilities: ') },
      ])
    }
    const response = await ask([])
    expect(response.headers.get('content-type')).toBe('application/vnd.clair.affected_manifests.v1+json')
    expect((await fetch(`${server.urls.api}${path}/`)).status).toBe(405)
  })
})
