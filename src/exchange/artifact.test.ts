import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { hasDistribution, startDistribution } from '../../test/support/distribution.ts'
import { Blobs, digestOf, tagged } from '../../test/support/layout.ts'
import { advisory, manyAdvisories, source, statement } from '../../test/support/records.ts'
import { startRegistry, type TestRegistry, type TestRegistryOptions } from '../../test/support/registry.ts'
import type { FeedRecord } from '../core/advisory.ts'
import type { RegistryOptions } from '../core/image.ts'
import type { Store } from '../core/store.ts'
import { openStore } from '../store/open.ts'
import type { ArtifactOptions } from './artifact.ts'
import { exportFeeds } from './export.ts'
import { pullData } from './pull.ts'
import { pushData } from './push.ts'

const never = new AbortController().signal
let folder: string
let layout: string
let here: Store
let there: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chiaro-artifact-'))
  layout = join(folder, 'layout')
  mkdirSync(layout)
  new Blobs().writeLayout(layout, [])
  here = await openStore(join(folder, 'here.db'), {})
  there = await openStore(join(folder, 'there.db'), {})
})

afterEach(async () => {
  for (const store of [here, there]) await store[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function optionsOf(store: Store, registry: Partial<RegistryOptions> = {}): ArtifactOptions {
  const known = { credentials: undefined, plainHttp: true, insecure: false, caFile: undefined, ...registry }
  return {
    advisories: store.advisories,
    feeds: [],
    versions: () => undefined,
    signal: never,
    progress: () => {},
    image: { offline: false, registry: known },
  }
}

function load(id: string, fingerprint: string, records: readonly FeedRecord[]) {
  return here.advisories.import(source(records, { id, fingerprint }), never)
}

async function push(reference: string, names: readonly string[] = [], registry: Partial<RegistryOptions> = {}) {
  const options = optionsOf(here, registry)
  return pushData(reference, await exportFeeds(names, undefined, options), options)
}

function pull(reference: string, names: readonly string[] = [], registry: Partial<RegistryOptions> = {}) {
  return pullData(reference, names, optionsOf(there, registry))
}

const openssl = (version: string) => advisory('CVE-1', [statement('debian:12', 'openssl', version)])
const alpine = advisory('CVE-1', [statement('alpine:3.18', 'openssl', '3.1-r0')])
const outcomes = (all: readonly { readonly feed: string; readonly outcome: string }[]) =>
  all.map(({ feed, outcome }) => `${feed} ${outcome}`)

/** What a registry was asked for since the last time, without tokens. */
function asked({ requests }: TestRegistry): readonly string[] {
  const all = requests.splice(0).map((request) => request.split(' ').slice(0, 2).join(' '))
  return all.filter((request) => !request.includes('/token'))
}

const uploads = (all: readonly string[]) => all.filter((request) => request.startsWith('PUT /v2/test/image/blobs'))
const blobs = (all: readonly string[]) => all.filter((request) => request.startsWith('GET /v2/test/image/blobs'))

async function withRegistry(
  options: TestRegistryOptions,
  work: (registry: TestRegistry, reference: string) => Promise<void>,
): Promise<void> {
  await using registry = await startRegistry(layout, options)
  await work(registry, `${registry.host}/test/image:data`)
}

describe('data in a registry', () => {
  it('is pushed, one blob a feed, and pulled', () =>
    withRegistry({}, async (registry, reference) => {
      await load('debian', 'a', [...manyAdvisories(100, '1'), openssl('3')])
      await load('alpine-3.18-main', 'a', [alpine])
      expect(outcomes(await push(reference))).toEqual(['alpine-3.18-main pushed', 'debian pushed'])
      // And the empty configuration.
      expect(uploads(asked(registry))).toHaveLength(3)
      expect(outcomes((await pull(reference)).feeds)).toEqual(['alpine-3.18-main imported', 'debian imported'])
      const strip = async (store: Store) => (await store.advisories.status()).map(({ importedAt: _, ...rest }) => rest)
      expect(await strip(there)).toEqual(await strip(here))
      const keys = [
        { scope: 'debian:12', name: 'openssl' },
        { scope: 'debian:12', name: 'package-3' },
      ]
      const texts = async (store: Store) =>
        (await store.advisories.candidates(keys)).map((candidate) => JSON.stringify(candidate)).sort()
      expect(await texts(there)).toEqual(await texts(here))
    }))

  it('is an OCI artifact', () =>
    withRegistry({}, async (_, reference) => {
      await load('debian', 'a', [openssl('3')])
      const [pushed] = await push(reference)
      const { digest, size } = pushed!
      const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
      const manifest = JSON.parse(readFileSync(pathOf(index.manifests[0].digest), 'utf8'))
      const [status] = await here.advisories.status()
      expect(manifest).toEqual({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactType: 'application/vnd.chiaro.data.v1',
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 },
        layers: [
          {
            mediaType: 'application/vnd.chiaro.feed.v1+zstd',
            digest,
            size,
            annotations: {
              'io.chiaro.feed': 'debian',
              'io.chiaro.fingerprint': 'a',
              'io.chiaro.version': '1',
              'io.chiaro.checked-at': status!.checkedAt,
            },
          },
        ],
      })
    }))

  it('is not sent again where it did not change, and the same data is the same blob', () =>
    withRegistry({}, async (registry, reference) => {
      await load('debian', 'a', [openssl('3')])
      await load('alpine-3.18-main', 'a', [alpine])
      const first = await push(reference)
      asked(registry)
      await here.advisories.checked('debian', 'a2', '2099-01-01T00:00:00.000Z')
      const second = await push(reference)
      expect(outcomes(second)).toEqual(['alpine-3.18-main unchanged', 'debian unchanged'])
      expect(second.map(({ digest }) => digest)).toEqual(first.map(({ digest }) => digest))
      expect(uploads(asked(registry))).toEqual([])
      // Under another tag nothing is known of it, but the blobs are there.
      const other = await push(reference.replace(':data', ':other'))
      expect(other.map(({ digest }) => digest)).toEqual(first.map(({ digest }) => digest))
      expect(uploads(asked(registry))).toEqual([])
    }))

  it('keeps the feeds that are there beside those that are pushed', () =>
    withRegistry({}, async (_, reference) => {
      await load('debian', 'a', [openssl('3')])
      await load('alpine-3.18-main', 'a', [alpine])
      await push(reference, ['alpine'])
      await push(reference, ['debian'])
      expect(outcomes((await pull(reference)).feeds)).toEqual(['alpine-3.18-main imported', 'debian imported'])
    }))

  it('is fetched for the feeds that are wanted and in another state only', () =>
    withRegistry({}, async (registry, reference) => {
      await load('debian', 'a', [openssl('3')])
      await load('alpine-3.18-main', 'a', [alpine])
      await push(reference)
      asked(registry)
      await pull(reference, ['debian'])
      expect(blobs(asked(registry))).toHaveLength(1)
      expect(outcomes((await pull(reference)).feeds)).toEqual(['alpine-3.18-main imported', 'debian unchanged'])
      expect(blobs(asked(registry))).toHaveLength(1)
      await load('debian', 'b', [openssl('4')])
      await push(reference)
      asked(registry)
      expect(outcomes((await pull(reference)).feeds)).toEqual(['alpine-3.18-main unchanged', 'debian imported'])
      expect(blobs(asked(registry))).toHaveLength(1)
      await expect(pull(reference, ['debina'])).rejects.toMatchObject({ code: 'FEED_UNKNOWN' })
    }))

  it('is as old as it was found to be where it was pushed', () =>
    withRegistry({}, async (_, reference) => {
      await here.advisories.import({ ...source([openssl('3')]), checkedAt: '2026-01-01T00:00:00.000Z' }, never)
      await push(reference)
      await pull(reference)
      expect(await there.advisories.status()).toMatchObject([{ checkedAt: '2026-01-01T00:00:00.000Z' }])
      await here.advisories.checked('debian', 'one', '2026-02-01T00:00:00.000Z')
      await push(reference)
      expect(outcomes((await pull(reference)).feeds)).toEqual(['debian unchanged'])
      expect(await there.advisories.status()).toMatchObject([{ checkedAt: '2026-02-01T00:00:00.000Z' }])
    }))

  const user = { username: 'user', password: 'p:ss' }
  it.each<[string, TestRegistryOptions['auth']]>([
    ['a password', { kind: 'basic', ...user }],
    ['a token', { kind: 'token', ...user }],
    ['tokens that end all the time', { kind: 'token', ...user, uses: 1 }],
  ])('goes through a registry that wants %s', (_, auth) =>
    withRegistry(auth === undefined ? {} : { auth }, async (registry, reference) => {
      await load('debian', 'a', [openssl('3')])
      await push(reference, [], { credentials: user })
      if (auth?.kind === 'token')
        expect(registry.requests.some((request) => request.includes('pull%2Cpush'))).toBe(true)
      expect(outcomes((await pull(reference, [], { credentials: user })).feeds)).toEqual(['debian imported'])
      const wrong = { credentials: { ...user, password: 'wrong' } }
      await expect(push(reference, [], wrong)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
      await expect(pull(reference, [], wrong)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    }),
  )

  it(
    'comes through a registry that has too much to do, breaks off, and keeps blobs elsewhere',
    () =>
      withRegistry({ throttle: true, redirectBlobs: true, dropAfter: 3000 }, async (_, reference) => {
        await load('debian', 'a', manyAdvisories(3000, '1'))
        await push(reference)
        expect(outcomes((await pull(reference)).feeds)).toEqual(['debian imported'])
      }),
    60_000,
  )
})

function pathOf(digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'))
}

describe('data in a registry that is not as it should be', () => {
  /** An artifact with two feeds, of which something is changed; nothing is imported of it. */
  async function spoiled(spoil: (digests: readonly string[]) => void, error: object): Promise<void> {
    await withRegistry({}, async (_, reference) => {
      await load('alpine-3.18-main', 'a', [alpine])
      await load('debian', 'a', [openssl('3')])
      spoil((await push(reference)).map(({ digest }) => digest))
      await expect(pull(reference)).rejects.toMatchObject(error)
      expect(await there.advisories.status()).toEqual([])
    })
  }

  /** Another manifest in the place of the artifact's. */
  function changeManifest(
    change: (manifest: { layers: { annotations: Record<string, string>; digest: string }[] }) => object,
  ) {
    const path = join(layout, 'index.json')
    const index = JSON.parse(readFileSync(path, 'utf8'))
    const content = Buffer.from(
      JSON.stringify(change(JSON.parse(readFileSync(pathOf(index.manifests[0].digest), 'utf8')))),
    )
    writeFileSync(pathOf(digestOf(content)), content)
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const entry = tagged({ mediaType, digest: digestOf(content), size: content.length }, 'data')
    writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests: [entry] }))
  }

  it('a blob that is damaged', () =>
    spoiled(
      ([, digest]) => {
        const bytes = readFileSync(pathOf(digest!))
        bytes[bytes.length >> 1]! ^= 1
        writeFileSync(pathOf(digest!), bytes)
      },
      { code: 'DIGEST_MISMATCH', where: expect.stringContaining('debian') },
    ))

  it('a blob that is cut', () =>
    spoiled(([, digest]) => writeFileSync(pathOf(digest!), readFileSync(pathOf(digest!)).subarray(0, 50)), {
      code: 'DIGEST_MISMATCH',
    }))

  it('a blob that is missing', () =>
    spoiled(([, digest]) => rmSync(pathOf(digest!)), {
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('does not have this part'),
    }))

  it('a blob with something else in it', () =>
    spoiled(
      () => {
        changeManifest((manifest) => {
          const [one, two] = manifest.layers
          return { ...manifest, layers: [{ ...one, annotations: two!.annotations }] }
        })
      },
      { code: 'DATA_FILE_INVALID', message: expect.stringContaining('holds something else') },
    ))

  it('a blob of another state than the manifest says', () =>
    spoiled(
      () => {
        changeManifest((manifest) => {
          manifest.layers[0]!.annotations['io.chiaro.fingerprint'] = 'b'
          return manifest
        })
      },
      { code: 'DATA_FILE_INVALID', message: expect.stringContaining('holds something else') },
    ))

  it('a blob that is no data file, behind a feed that is one', () =>
    spoiled(
      () => {
        const bytes = Buffer.from('hello')
        writeFileSync(pathOf(digestOf(bytes)), bytes)
        changeManifest((manifest) => {
          Object.assign(manifest.layers[1]!, { digest: digestOf(bytes), size: bytes.length })
          return manifest
        })
      },
      { code: 'DATA_FILE_INVALID' },
    ))

  it.each<[string, (layer: Record<string, unknown> & { annotations: Record<string, string> }) => object]>([
    ['no feed', (layer) => ({ ...layer, annotations: {} })],
    [
      'a time that is none',
      (layer) => ({ ...layer, annotations: { ...layer.annotations, 'io.chiaro.checked-at': 'x' } }),
    ],
    ['a digest that is none', (layer) => ({ ...layer, digest: 'sha256:../x' })],
    ['a digest of another kind', (layer) => ({ ...layer, digest: `sha512:${'0'.repeat(128)}` })],
    ['an impossible size', (layer) => ({ ...layer, size: 2 ** 50 })],
  ])('a layer with %s', (_, change) =>
    spoiled(
      () =>
        changeManifest((manifest) => ({ ...manifest, layers: manifest.layers.map((layer) => change({ ...layer })) })),
      { code: 'DATA_FILE_INVALID', message: expect.stringContaining('a blob that is no feed') },
    ),
  )

  it('a feed twice', () =>
    spoiled(() => changeManifest((manifest) => ({ ...manifest, layers: [...manifest.layers, manifest.layers[0]] })), {
      code: 'DATA_FILE_INVALID',
    }))

  it('an image, or an artifact of another kind', async () => {
    const blobs = new Blobs()
    const image = await blobs.image({ platform: { os: 'linux', architecture: 'amd64' }, layers: [{ a: 'b' }] })
    const other = blobs.put('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/example',
      config: {},
      layers: [],
    })
    blobs.writeLayout(layout, [tagged(image, 'data'), tagged(blobs.index([image]), 'index'), tagged(other, 'other')])
    await load('debian', 'a', [openssl('3')])
    await withRegistry({}, async (registry, reference) => {
      for (const tag of ['data', 'index', 'other']) {
        const refusal = { code: 'DATA_FILE_INVALID', message: 'it is not an artifact of vulnerability data' }
        await expect(pull(reference.replace(':data', `:${tag}`)), tag).rejects.toMatchObject(refusal)
        // What is there is not replaced.
        await expect(push(reference.replace(':data', `:${tag}`)), tag).rejects.toMatchObject(refusal)
      }
      expect(uploads(asked(registry))).toEqual([])
      expect(await there.advisories.status()).toEqual([])
    })
  })

  it('no artifact at all', () =>
    withRegistry({}, async (_, reference) => {
      await expect(pull(reference)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    }))

  it('a user who may not push', () =>
    withRegistry({ auth: { kind: 'token', username: 'u', password: 'p', readOnly: true } }, async (_, reference) => {
      await load('debian', 'a', [openssl('3')])
      const refused = push(reference, [], { credentials: { username: 'u', password: 'p' } })
      await expect(refused).rejects.toMatchObject({ code: 'AUTH_FAILED', advice: expect.stringContaining('may push') })
    }))

  it.each([
    [403, 'DENIED', 'AUTH_FAILED', /does not let anonymous users write it: DENIED/],
    [405, 'UNSUPPORTED', 'REGISTRY_FAILED', /status 405: UNSUPPORTED/],
  ])('answers %d to an upload', (status, code, expected, message) =>
    withRegistry(
      {
        intercept(request, response) {
          if (request.method !== 'POST') return false
          response.writeHead(status).end(JSON.stringify({ errors: [{ code }] }))
          return true
        },
      },
      async (_, reference) => {
        await load('debian', 'a', [openssl('3')])
        await expect(push(reference)).rejects.toMatchObject({
          code: expected,
          message: expect.stringMatching(message),
          where: expect.stringMatching(/test\/image, blobs uploads/),
        })
      },
    ),
  )

  it('a digest cannot be pushed to', async () => {
    await load('debian', 'a', [openssl('3')])
    const reference = `127.0.0.1:1/test/image@sha256:${'0'.repeat(64)}`
    await expect(push(reference)).rejects.toMatchObject({ code: 'REFERENCE_INVALID' })
  })
})

describe.skipIf(!hasDistribution)('data in the distribution registry (skipped without docker-registry)', () => {
  it('is pushed and pulled, with TLS and a password', async () => {
    const tls = testCertificate()
    const caFile = join(folder, 'ca.pem')
    writeFileSync(caFile, tls.cert)
    await using registry = await startDistribution(join(folder, 'registry'), tls)
    const reference = `${registry.host}/security/chiaro-data:latest`
    const known = { plainHttp: false, caFile, credentials: { username: 'user', password: 'p:ss' } }
    await load('debian', 'a', manyAdvisories(5000, '1'))
    await load('alpine-3.18-main', 'a', [alpine])
    expect(outcomes(await push(reference, [], known))).toEqual(['alpine-3.18-main pushed', 'debian pushed'])
    expect(outcomes(await push(reference, [], known))).toEqual(['alpine-3.18-main unchanged', 'debian unchanged'])
    expect(outcomes((await pull(reference, ['alpine'], known)).feeds)).toEqual(['alpine-3.18-main imported'])
    await load('debian', 'b', manyAdvisories(5001, '1'))
    expect(outcomes(await push(reference, [], known))).toEqual(['alpine-3.18-main unchanged', 'debian pushed'])
    expect(outcomes((await pull(reference, [], known)).feeds)).toEqual([
      'alpine-3.18-main unchanged',
      'debian imported',
    ])
    expect((await there.advisories.status()).map(({ records }) => records)).toEqual([1, 10_002])
    await expect(push(reference, [], { ...known, credentials: undefined })).rejects.toMatchObject({
      code: 'AUTH_FAILED',
    })
    await expect(pull(`${registry.host}/none`, [], known)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  }, 60_000)
})
