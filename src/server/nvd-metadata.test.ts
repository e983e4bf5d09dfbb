import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { v3Client } from '../../test/support/clair-v3.ts'
import { advisory, fact, source } from '../../test/support/records.ts'
import { startRegistry, type TestRegistry } from '../../test/support/registry.ts'
import { exampleLayout, layoutManifest, startTestServer, type TestServer } from '../../test/support/server.ts'
import type { FeedRecord } from '../core/advisory.ts'

const { layers } = layoutManifest(exampleLayout)
const second = 'AV:N/AC:L/Au:N/C:P/I:P/A:N'
const third = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N'
const fourth = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N'
const published = '2099-01-01T18:15:25.143Z'
const score = (id: string, scores: readonly (readonly [string, string, number])[]) => fact(id, [null, scores, []])
const records: readonly FeedRecord[] = [
  { ...advisory('CVE-2099-1002', []), vulnerability: { ...advisory('CVE-2099-1002', []).vulnerability, published } },
  score('CVE-2099-1002', [
    ['nvd', fourth, 9.3],
    ['nvd', third, 9.1],
    ['cna@example.org', 'CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N', 7.7],
    ['nvd', second, 6.4],
  ]),
  score('CVE-2099-1004', [['nvd', third.replace('3.1', '3.0'), 9.1]]),
  score('CVE-2099-1005', [['cna@example.org', third, 9.1]]),
]
const none = { PublishedDateTime: '', Vectors: '', Score: 0 }
const expected = {
  'CVE-2099-1002': {
    NVD: {
      CVSSv2: { PublishedDateTime: published, Vectors: second, Score: 6.4 },
      CVSSv3: { Vectors: third, Score: 9.1, ExploitabilityScore: 3.9, ImpactScore: 5.2 },
    },
  },
  'CVE-2099-1004': {
    NVD: {
      CVSSv2: none,
      CVSSv3: { Vectors: third.replace('3.1', '3.0'), Score: 9.1, ExploitabilityScore: 3.9, ImpactScore: 5.2 },
    },
  },
}

/** How each API is asked for the metadata of the image's vulnerabilities, by id. */
const apis: readonly (readonly [name: string, ask: (server: TestServer) => Promise<Record<string, unknown>>])[] = [
  ['v1', askV1],
  ['v3', askV3],
]

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry(exampleLayout)
})
afterAll(() => registry[Symbol.asyncDispose]())

const blob = (digest: string) => `http://${registry.host}/v2/test/image/blobs/${digest}`

async function askV1(server: TestServer): Promise<Record<string, unknown>> {
  let parent = ''
  for (const digest of layers) {
    const Layer = { Name: digest, Path: blob(digest), ParentName: parent, Format: 'Docker' }
    const posted = await fetch(`${server.urls.api}/v1/layers`, { method: 'POST', body: JSON.stringify({ Layer }) })
    expect(posted.status).toBe(201)
    parent = digest
  }
  const response = await fetch(`${server.urls.api}/v1/layers/${parent}?vulnerabilities`)
  const { Layer } = (await response.json()) as {
    Layer: { Features: readonly { Vulnerabilities?: readonly { Name: string; Metadata?: unknown }[] }[] }
  }
  const all = Layer.Features.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities)
  return Object.fromEntries(all.flatMap(({ Name, Metadata }) => (Metadata === undefined ? [] : [[Name, Metadata]])))
}

async function askV3(server: TestServer): Promise<Record<string, unknown>> {
  await using client = v3Client(new URL(server.urls.api).host)
  const posted = layers.map((digest) => ({ hash: digest, path: blob(digest), headers: {} }))
  const image = { ancestry_name: 'image', format: 'Docker', layers: posted }
  expect((await client.call('AncestryService.PostAncestry', image)).code).toBe(0)
  const asked = { ancestry_name: 'image', with_features: true, with_vulnerabilities: true }
  const { answer } = await client.call('AncestryService.GetAncestry', asked)
  const features = answer.ancestry.features as readonly {
    vulnerabilities?: readonly { name: string; metadata: string }[]
  }[]
  const all = features.flatMap(({ vulnerabilities = [] }) => vulnerabilities)
  return Object.fromEntries(all.flatMap(({ name, metadata }) => (metadata ? [[name, JSON.parse(metadata)]] : [])))
}

describe.each(apis)("NVD's metadata in Clair %s", (_, ask) => {
  const load = (server: TestServer) =>
    server.engine.store.advisories.import(source(records, { id: 'nvd-2099' }), new AbortController().signal)

  it("has NVD's own scores, in versions 2 and 3, and when it was published", async () => {
    await using server = await startTestServer()
    expect(await ask(server)).toEqual({})
    await load(server)
    expect(await ask(server)).toEqual(expected)
  })

  it('is left out where enrichment is', async () => {
    await using server = await startTestServer({
      config: { matcher: { disable_updaters: true, disable_enrichment: true } },
    })
    await load(server)
    expect(await ask(server)).toEqual({})
  })
})
