import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClairIndexReport } from '../../src/server/api/clair-v4/schema.ts'
import { type CorpusImage, corpus, corpusImages, expectedPackages } from '../support/corpus.ts'
import { startRegistry } from '../support/registry.ts'
import { layoutManifest, startTestServer, type TestServer } from '../support/server.ts'

const images = corpusImages().filter(isPlain)
const sound = images.filter(({ name }) => !name.startsWith('hostile-'))
const hostile = images.filter(({ name }) => name.startsWith('hostile-'))

/** Whether the first entry of the layout is an image with layers that a client can name. */
function isPlain({ folder }: CorpusImage): boolean {
  try {
    return layoutManifest(folder).layers.length > 0
  } catch {
    return false
  }
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ data: false })
})
afterAll(() => server[Symbol.asyncDispose]())

async function submit({ folder }: CorpusImage): Promise<Response> {
  await using registry = await startRegistry(folder)
  const { digest, layers } = layoutManifest(folder)
  const body = {
    hash: digest,
    layers: layers.map((hash) => ({ hash, uri: `http://${registry.host}/v2/test/image/blobs/${hash}` })),
  }
  const path = '/indexer/api/v1/index_report'
  return await fetch(`${server.urls.api}${path}`, { method: 'POST', body: JSON.stringify(body) })
}

const typeOf = (path: string) => (path.includes('dpkg') ? 'deb' : path.includes('apk') ? 'apk' : 'rpm')

describe.skipIf(corpus === undefined)(
  'images of the corpus, submitted to the server (skipped without CHIARO_CORPUS)',
  () => {
    it('are there', () => {
      expect(sound.length).toBeGreaterThan(0)
    })

    it.each(sound)('$name has the packages that other tools find in it', async (image) => {
      const response = await submit(image)
      expect(response.status).toBe(201)
      const { packages, environments } = (await response.json()) as ClairIndexReport
      const stated = new Set(expectedPackages(image.expected))
      const found = Object.values(packages).map(({ id, name, version, arch }) => {
        const start = `${typeOf(environments[id]![0]!.package_db)} ${name} ${version}`
        return stated.has(`${start} ${arch}`) ? `${start} ${arch}` : `${start} *`
      })
      expect([...new Set(found)].sort()).toEqual([...stated].sort())
      const { layers } = layoutManifest(image.folder)
      const introduced = Object.values(environments).flatMap((list) => list.map((one) => one.introduced_in))
      expect(layers).toEqual(expect.arrayContaining([...new Set(introduced)]))
    })

    it.each(hostile)('$name is answered, and the server goes on', async (image) => {
      const response = await submit(image)
      expect([201, 400, 500]).toContain(response.status)
      const body = (await response.json()) as { readonly message?: string; readonly state?: string }
      // Of what fails it is said what it is; nothing fails in a way that nobody expected.
      expect(body.state ?? body.message).toMatch(/IndexFinished|: the |: it |: reading |: a /)
      expect((await fetch(`${server.urls.api}/indexer/api/v1/index_state`)).status).toBe(200)
    })
  },
)
