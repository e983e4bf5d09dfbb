import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isChiaroError } from '../core/errors.ts'
import type { Platform } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { parseConfig, parseManifest } from './manifest.ts'
import { assembleImage, type Content, type Root, resolveImage } from './resolve.ts'
import { digestOf, verify } from './verify.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const configType = 'application/vnd.oci.image.config.v1+json'
const digest = digestOf(Buffer.from('x'))
const bytesOf = (document: unknown) => Buffer.from(JSON.stringify(document))

/** A place in memory where a test puts documents. */
function memory() {
  const blobs = new Map<string, Buffer>()
  const read: string[] = []
  const content: Content = {
    where: 'memory',
    async document({ digest }) {
      read.push(digest)
      return blobs.get(digest) ?? Buffer.from('missing')
    },
    async layer({ size }) {
      return { kind: 'file', path: '/nowhere', offset: 0, size }
    },
  }
  const put = (document: unknown, mediaType: string) => {
    const bytes = bytesOf(document)
    blobs.set(digestOf(bytes), bytes)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }
  const image = (os: string, architecture: string, variant?: string) => {
    const config = put({ os, architecture, variant, rootfs: { type: 'layers', diff_ids: [digest] } }, configType)
    const layers = [{ mediaType: layerType, digest, size: 1 }]
    return put({ schemaVersion: 2, mediaType: manifestType, config, layers }, manifestType)
  }
  const index = (...manifests: unknown[]) => put({ schemaVersion: 2, mediaType: indexType, manifests }, indexType)
  const resolve = (root: Root, platform?: Platform) => resolveImage(content, [root], { platform })
  return { blobs, read, content, put, image, index, resolve }
}

const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }

describe('parseManifest', () => {
  const config = { mediaType: configType, digest, size: 1 }
  const layer = { mediaType: layerType, digest, size: 1 }
  const good = { schemaVersion: 2, mediaType: manifestType, config, layers: [layer] }

  it('reads OCI and Docker documents', () => {
    expect(parseManifest(bytesOf(good), 'm')).toMatchObject({ kind: 'manifest', layers: [{ digest, size: 1 }] })
    expect(parseManifest(bytesOf({ ...good, mediaType: undefined, layers: null }), 'm')).toMatchObject({ layers: [] })
    const docker = { ...good, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' }
    expect(parseManifest(bytesOf(docker), 'm').kind).toBe('manifest')
    expect(parseManifest(bytesOf({ schemaVersion: 2, manifests: [] }), 'm')).toEqual({ kind: 'index', manifests: [] })
  })

  it.each<[string, unknown, string, string]>([
    ['a list', [], 'MANIFEST_INVALID', 'the document must be an object'],
    ['null', null, 'MANIFEST_INVALID', 'must be an object'],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'MANIFEST_INVALID', 'schema 1'],
    ['no schema version', { ...good, schemaVersion: undefined }, 'MANIFEST_INVALID', 'schemaVersion must be 2'],
    ['both', { ...good, manifests: [] }, 'MANIFEST_INVALID', 'both layers and manifests'],
    ['a manifest that says index', { ...good, mediaType: indexType }, 'MANIFEST_INVALID', 'says otherwise'],
    [
      'an index that says manifest',
      { schemaVersion: 2, mediaType: manifestType, manifests: [] },
      'MANIFEST_INVALID',
      'says otherwise',
    ],
    ['no config', { ...good, config: undefined }, 'MANIFEST_INVALID', 'config must be an object; it is missing'],
    ['config of another type', { ...good, config: [] }, 'MANIFEST_INVALID', 'config must be an object; it is []'],
    ['layers of another type', { ...good, layers: { 0: 'x' } }, 'MANIFEST_INVALID', 'layers must be a list'],
    ['a layer of another type', { ...good, layers: [layer, 'x'] }, 'MANIFEST_INVALID', 'layers[1] must be an object'],
    ['a null layer', { ...good, layers: [null] }, 'MANIFEST_INVALID', 'layers[0] must be an object'],
    [
      'a size of another type',
      { ...good, layers: [{ ...layer, size: '1' }] },
      'MANIFEST_INVALID',
      'layers[0].size must be a size',
    ],
    [
      'a negative size',
      { ...good, layers: [{ ...layer, size: -1 }] },
      'MANIFEST_INVALID',
      'layers[0].size must be a size',
    ],
    [
      'a path for a digest',
      { ...good, layers: [{ ...layer, digest: 'sha256:../../x' }] },
      'DIGEST_INVALID',
      'is not a digest',
    ],
    [
      'a chart',
      { ...good, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
      'MANIFEST_INVALID',
      'artifact of type application/vnd.cncf.helm',
    ],
    [
      'an attestation',
      { ...good, layers: [{ ...layer, mediaType: 'application/vnd.in-toto+json' }] },
      'MANIFEST_INVALID',
      'in-toto',
    ],
    [
      'too many layers',
      { ...good, layers: new Array(limits.layers + 1).fill(layer) },
      'LIMIT_EXCEEDED',
      'layers has 1001 entries',
    ],
    [
      'too many manifests',
      { schemaVersion: 2, manifests: new Array(limits.indexEntries + 1).fill(layer) },
      'LIMIT_EXCEEDED',
      'manifests has',
    ],
  ])('refuses %s', (_, document, code, message) => {
    expect(() => parseManifest(bytesOf(document), 'the place')).toThrow(
      expect.objectContaining({
        code,
        where: expect.stringContaining('the place'),
        message: expect.stringContaining(message),
      }),
    )
  })

  it('refuses cut JSON, and whatever else, with an error of ours', () => {
    expect(() => parseManifest(bytesOf(good).subarray(0, 50), 'm')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    )
    expect(() => parseManifest(Buffer.alloc(1_000_000, '['), 'm')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    )
    const some = fc.oneof(
      fc.json(),
      fc
        .record({ schemaVersion: fc.constant(2), config: fc.jsonValue(), layers: fc.jsonValue() })
        .map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(some, (text) => {
        for (const parse of [parseManifest, parseConfig]) {
          try {
            parse(Buffer.from(text), 'm')
          } catch (error) {
            if (!isChiaroError(error)) throw error
          }
        }
      }),
    )
  })
})

describe('parseConfig', () => {
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest, digest] } }

  it('gives layers the commands of the history entries that made them', () => {
    const history = [{ created_by: 'ADD' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'RUN' }]
    expect(parseConfig(bytesOf({ ...config, history }), 'c').createdBy).toEqual(['ADD', 'RUN'])
    expect(
      parseConfig(bytesOf({ ...config, history: [{ comment: 'x' }, { created_by: 'RUN' }] }), 'c').createdBy,
    ).toEqual(['', 'RUN'])
  })

  it('gives no layer a command when the history does not fit', () => {
    expect(parseConfig(bytesOf({ ...config, history: [{ created_by: 'ADD' }] }), 'c').createdBy).toEqual(['', ''])
    expect(parseConfig(bytesOf({ ...config, history: null }), 'c').createdBy).toEqual(['', ''])
  })

  it.each<[unknown, string]>([
    [{ ...config, rootfs: undefined }, 'rootfs must be an object'],
    [{ ...config, rootfs: { diff_ids: {} } }, 'rootfs.diff_ids must be a list'],
    [{ ...config, rootfs: { diff_ids: [1] } }, 'rootfs.diff_ids[0] must be a string'],
    [{ ...config, os: 1 }, 'os must be a string'],
    [{ ...config, history: 'x' }, 'history must be a list'],
    [{ ...config, history: [{ created_by: 1 }] }, 'history[0].created_by must be a string'],
  ])('refuses %j', (document, message) => {
    expect(() => parseConfig(bytesOf(document), 'c')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringContaining(message) }),
    )
  })
})

describe('verify', () => {
  it('compares size and digest, sha256 and sha512', () => {
    const bytes = Buffer.from('content')
    verify(bytes, digestOf(bytes), 7, 'w')
    verify(bytes, digestOf(bytes, 'sha512'), undefined, 'w')
    for (const size of [6, 7, undefined]) {
      expect(() => verify(bytes, digest, size, 'w')).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }))
    }
    expect(() => verify(bytes, digestOf(bytes), 8, 'w')).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }))
  })
})

describe('resolveImage', () => {
  it('takes a single manifest as it is, but not for another platform than asked for', async () => {
    const { image, resolve } = memory()
    const root = image('linux', 's390x')
    expect((await resolve(root)).digest).toBe(root.digest)
    expect((await resolve(root, { os: 'linux', architecture: 's390x' })).platform.architecture).toBe('s390x')
    await expect(resolve(root, arm64)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('linux/s390x'),
    })
  })

  it.each([
    [amd64, 0],
    [{ os: 'linux', architecture: 'x86_64' }, 0],
    [{ os: 'linux', architecture: 'amd64', variant: 'v3' }, 1],
    [arm64, 2],
    [{ os: 'linux', architecture: 'aarch64', variant: 'v8' }, 2],
    [{ os: 'linux', architecture: 'arm' }, 4],
    [{ os: 'linux', architecture: 'arm', variant: 'v6' }, 3],
    [{ os: 'linux', architecture: 'arm', variant: '6' }, 3],
    [{ os: 'windows', architecture: 'amd64' }, 5],
    [{ os: 'linux', architecture: '386' }, undefined],
    [{ os: 'linux', architecture: 'arm64', variant: 'v9' }, undefined],
  ])('chooses by platform: %j', async (platform, expected) => {
    const { image, index, resolve } = memory()
    const platforms: readonly Platform[] = [
      amd64,
      { ...amd64, variant: 'v3' },
      { ...arm64, variant: 'v8' },
      { os: 'linux', architecture: 'arm', variant: 'v6' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'windows', architecture: 'amd64' },
    ]
    const manifests = platforms.map((each) => ({ ...image(each.os, each.architecture, each.variant), platform: each }))
    const chosen = resolve(index(...manifests), platform)
    if (expected === undefined) {
      await expect(chosen).rejects.toMatchObject({
        code: 'IMAGE_NOT_FOUND',
        advice: expect.stringContaining('linux/arm/v6'),
      })
    } else {
      expect((await chosen).digest).toBe(manifests[expected]!.digest)
    }
  })

  it('passes over attestations, and takes the only image there is', async () => {
    const { image, index, resolve, read } = memory()
    const only = { ...image('linux', 'riscv64'), platform: { os: 'linux', architecture: 'riscv64' } }
    const unknown = { ...image('unknown', 'unknown'), platform: { os: 'unknown', architecture: 'unknown' } }
    const annotated = { ...image('x', 'y'), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }
    expect((await resolve(index(unknown, annotated, only))).digest).toBe(only.digest)
    expect(read).not.toContain(unknown.digest)
    await expect(resolve(index(unknown, annotated))).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: 'The index names no image at all.',
    })
  })

  it('asks the configuration where the index does not name the platform', async () => {
    const { image, index, resolve } = memory()
    const [first, second] = [image('linux', 'amd64'), image('linux', 'arm64')]
    expect((await resolve(index(first, second), arm64)).digest).toBe(second.digest)
    await expect(resolve(index(first), arm64)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it('follows indexes in indexes to limits.indexDepth', async () => {
    const { image, index, resolve } = memory()
    let root = index({ ...image('linux', 'amd64'), platform: amd64 })
    for (let depth = 1; depth < limits.indexDepth; depth++) root = index(root)
    expect((await resolve(root, amd64)).platform).toEqual(amd64)
    await expect(resolve(index(root), amd64)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  it('reads limits.indexDocuments and no more', async () => {
    const { put, index, resolve, read } = memory()
    const many = Array.from({ length: limits.indexDocuments }, (_, place) =>
      put({ schemaVersion: 2, manifests: [], place }, indexType),
    )
    await expect(resolve(index(...many.slice(1)), amd64)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(resolve(index(...many), amd64)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(read.length).toBe(2 * limits.indexDocuments)
  })

  it.each(['manifest', 'config'])('refuses a %s that does not hash to its digest', async (which) => {
    const { image, index, blobs, resolve } = memory()
    const root = image('linux', 'amd64')
    const config = JSON.parse(blobs.get(root.digest)!.toString()).config.digest
    const victim = which === 'manifest' ? root.digest : config
    const tampered = Buffer.from(blobs.get(victim)!)
    tampered[tampered.length - 2]! ^= 1
    blobs.set(victim, tampered)
    await expect(resolve(root)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      where: expect.stringContaining(victim),
    })
    await expect(resolve(index({ ...root, platform: amd64 }), amd64)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  })

  it('wants one diff_id a layer', async () => {
    const { put, resolve } = memory()
    const config = put({ ...amd64, rootfs: { diff_ids: [digest] } }, configType)
    const layer = { mediaType: layerType, digest, size: 1 }
    const root = put({ schemaVersion: 2, config, layers: [layer, layer] }, manifestType)
    await expect(resolve(root)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: 'it has 1 diff_ids for 2 layers',
    })
  })
})

it.each([
  ['with', [digest, digest]],
  ['without', [digest]],
])('makes a gap of a foreign layer, %s a diffID of its own, and does not look for it', async (_, diffIds) => {
  const { put, resolve, content } = memory()
  const config = put({ ...amd64, rootfs: { diff_ids: diffIds } }, configType)
  const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  const foreign = { mediaType, digest, size: 1, urls: ['http://127.0.0.1:9/never'] }
  const root = put(
    { schemaVersion: 2, config, layers: [foreign, { mediaType: layerType, digest, size: 1 }] },
    manifestType,
  )
  const image = await assembleImage(content, await resolve(root), { reference: 'r', tags: [] })
  expect(image.layers.map(({ blob }) => blob)).toEqual([
    {
      kind: 'absent',
      gap: { code: 'layer-skipped', where: digest, detail: expect.stringContaining('not distributed') },
    },
    { kind: 'file', path: '/nowhere', offset: 0, size: 1 },
  ])
  expect(image.layers[1]!.diffId).toBe(digest)
})
