import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { corpus } from '../../test/support/corpus.ts'
import { Blobs, digestOf, tagged } from '../../test/support/layout.ts'
import { startRegistry } from '../../test/support/registry.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Image, ImageOptions, Platform } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { openOciLayout } from './oci-layout.ts'
import { openImage } from './registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
const signal = new AbortController().signal
const options: ImageOptions = {
  platform: undefined,
  offline: false,
  registry: { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined },
}

afterAll(() => rmSync(folder, { recursive: true }))

async function makeLayout(): Promise<{ directory: string; digest: string; layer: string; config: string }> {
  const directory = mkdtempSync(join(folder, 'layout-'))
  const blobs = new Blobs()
  const image = await blobs.image({ platform: { os: 'linux', architecture: 'amd64' }, layers: [{ a: 'b' }] })
  blobs.writeLayout(directory, [tagged(image, 'latest')])
  const [layer, config] = [...blobs.all.keys()].filter((digest) => digest !== image.digest) as [string, string]
  const blob = (digest: string) => join(directory, 'blobs', digest.replace(':', '/'))
  const isLayer = readFileSync(blob(layer))[0] === 0x1f
  return {
    directory,
    digest: image.digest,
    layer: blob(isLayer ? layer : config),
    config: blob(isLayer ? config : layer),
  }
}

describe('an OCI layout', () => {
  it('is found by its directory, and inside by tag or digest', async () => {
    const { directory, digest, layer } = await makeLayout()
    for (const selector of ['', ':latest', `@${digest}`]) {
      for (const reference of [`oci-layout:${directory}${selector}`, directory + selector]) {
        await using image = await openImage(reference, options, signal)
        expect([image.reference, image.digest]).toEqual([reference, digest])
        expect(image.layers[0]!.blob).toMatchObject({
          kind: 'file',
          path: layer,
          offset: 0,
          size: readFileSync(layer).length,
        })
      }
    }
  })

  it('may have colons and at signs in its path', async () => {
    const { directory, digest } = await makeLayout()
    const odd = join(folder, 'a:b@c:d')
    renameSync(directory, odd)
    for (const selector of ['', ':latest']) {
      await using image = await openImage(odd + selector, options, signal)
      expect(image.digest).toBe(digest)
    }
  })

  it('may have the images of several platforms side by side', async () => {
    const directory = mkdtempSync(join(folder, 'layout-'))
    const blobs = new Blobs()
    const image = (architecture: string) => blobs.image({ platform: { os: 'linux', architecture }, layers: [] })
    const [amd64, arm64] = [await image('amd64'), await image('arm64')]
    blobs.writeLayout(directory, [amd64, arm64])
    await using found = await openImage(directory, { ...options, platform: arm64.platform }, signal)
    expect(found.digest).toBe(arm64.digest)
  })

  it('does not let a link lead out of it', async () => {
    const { directory, layer, config } = await makeLayout()
    for (const [blob, where] of [
      [layer, 'sha256'],
      [config, 'sha256'],
      [join(directory, 'index.json'), 'index.json'],
    ] as const) {
      const outside = join(folder, `outside-${digestOf(Buffer.from(blob)).slice(7, 20)}`)
      renameSync(blob, outside)
      symlinkSync(outside, blob)
      const failure = openImage(directory, options, signal)
      await expect(failure).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', where: expect.stringContaining(where) })
      rmSync(blob)
      renameSync(outside, blob)
    }
  })

  it('may have links inside it', async () => {
    const { directory, layer } = await makeLayout()
    renameSync(layer, join(directory, 'elsewhere'))
    symlinkSync(join('..', '..', 'elsewhere'), layer)
    await using image = await openImage(directory, options, signal)
    expect(image.layers[0]!.blob).toMatchObject({ path: join(directory, 'elsewhere') })
  })

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    const { directory, config } = await makeLayout()
    rmSync(config)
    execFileSync('mkfifo', [config])
    const failure = openImage(directory, options, signal)
    await expect(failure).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', message: 'it is not a regular file' })
  })

  it.each<[string, (layout: Awaited<ReturnType<typeof makeLayout>>) => unknown, ErrorCode, string]>([
    ['no index.json', ({ directory }) => rmSync(join(directory, 'index.json')), 'ARCHIVE_INVALID', 'no index.json'],
    [
      'an index.json that is no JSON',
      ({ directory }) => writeFileSync(join(directory, 'index.json'), '{'),
      'MANIFEST_INVALID',
      'not JSON',
    ],
    [
      'an index.json that is a manifest',
      ({ directory, digest }) =>
        writeFileSync(join(directory, 'index.json'), readFileSync(join(directory, 'blobs', digest.replace(':', '/')))),
      'MANIFEST_INVALID',
      'no image index',
    ],
    [
      'an empty index.json',
      ({ directory }) => writeFileSync(join(directory, 'index.json'), '{"schemaVersion":2,"manifests":[]}'),
      'IMAGE_NOT_FOUND',
      'no image in it',
    ],
    [
      'an index.json beyond limits.manifestBytes',
      ({ directory }) => writeFileSync(join(directory, 'index.json'), Buffer.alloc(limits.manifestBytes + 1, ' ')),
      'LIMIT_EXCEEDED',
      'at most',
    ],
    ['no layer', ({ layer }) => rmSync(layer), 'IMAGE_NOT_FOUND', 'missing'],
    [
      'a cut layer',
      ({ layer }) => writeFileSync(layer, readFileSync(layer).subarray(1)),
      'DIGEST_MISMATCH',
      'its descriptor says',
    ],
    ['a folder for a layer', ({ layer }) => [rmSync(layer), mkdirSync(layer)], 'ARCHIVE_INVALID', 'not a regular file'],
    [
      'another configuration',
      ({ config }) => writeFileSync(config, readFileSync(config).fill(32, 0, 1)),
      'DIGEST_MISMATCH',
      'hashes to',
    ],
  ])('is refused with %s', async (_, damage, code, message) => {
    const layout = await makeLayout()
    damage(layout)
    const failure = openOciLayout(layout.directory, options, signal)
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      where: expect.stringContaining(layout.directory),
    })
  })
})

describe('what a reference without a scheme means', () => {
  it.each<[string, ErrorCode]>([
    ['./nowhere', 'FILE_FAILED'],
    ['../nowhere:latest', 'FILE_FAILED'],
    ['/nowhere/at/all', 'FILE_FAILED'],
    ['nowhere.tar', 'FILE_FAILED'],
    ['nowhere.tar.gz:app:1', 'FILE_FAILED'],
    ['rootfs:/nowhere', 'FILE_FAILED'],
    ['oci-layout:nowhere', 'FILE_FAILED'],
    ['docker-archive:', 'FILE_FAILED'],
    [tmpdir(), 'ARCHIVE_INVALID'],
    ['src', 'OFFLINE'],
    ['src:latest', 'OFFLINE'],
    ['debian:12', 'OFFLINE'],
    ['registry:debian:12', 'OFFLINE'],
    ['localhost:5000/app', 'OFFLINE'],
    ['Debian', 'REFERENCE_INVALID'],
    ['registry:', 'REFERENCE_INVALID'],
    ['', 'REFERENCE_INVALID'],
  ])('%j: %s', async (reference, code) => {
    await expect(openImage(reference, { ...options, offline: true }, signal)).rejects.toMatchObject({ code })
  })

  it('rootfs: is a directory as one layer', async () => {
    await using image = await openImage(`rootfs:${folder}`, options, signal)
    expect(image).toMatchObject({
      reference: `rootfs:${folder}`,
      digest: undefined,
      layers: [{ blob: { kind: 'directory', path: folder } }],
    })
  })
})

describe.skipIf(corpus === undefined || !existsSync(corpus))('the corpus (CHIARO_CORPUS)', () => {
  const names =
    corpus === undefined ? [] : readdirSync(corpus).filter((name) => existsSync(join(corpus!, name, 'oci-layout')))
  const hostile: Readonly<Record<string, ErrorCode>> = {
    'hostile-ambiguous-manifest': 'MANIFEST_INVALID',
    'hostile-bad-digest-string': 'DIGEST_INVALID',
    'hostile-config-digest-mismatch': 'DIGEST_MISMATCH',
    'hostile-index-cycle': 'DIGEST_MISMATCH',
    'hostile-index-deep': 'LIMIT_EXCEEDED',
    'hostile-invalid-manifest': 'MANIFEST_INVALID',
    'hostile-manifest-digest-mismatch': 'DIGEST_MISMATCH',
    'hostile-missing-blob': 'IMAGE_NOT_FOUND',
    'hostile-missing-diffid': 'MANIFEST_INVALID',
    'hostile-size-mismatch': 'DIGEST_MISMATCH',
    'hostile-wrong-type-manifest': 'MANIFEST_INVALID',
  }
  /** What only shows when the layer is read. */
  const late = ['hostile-missing-blob', 'hostile-size-mismatch']

  interface Manifest {
    readonly digest: string
    readonly configDigest: string
    readonly diffIDs: readonly string[]
    readonly layers: readonly { digest: string; mediaType: string }[]
    readonly platform?: Platform
  }

  /** The manifest of a platform in NAME.facts.json, which was written by another tool. */
  function facts(name: string, architecture: string): Manifest {
    const all: Manifest[] = []
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      if ('configDigest' in value) all.push(value as Manifest)
      Object.values(value).forEach(collect)
    }
    collect(JSON.parse(readFileSync(join(corpus!, `${name}.facts.json`), 'utf8')))
    return all.find((manifest) => manifest.platform?.architecture === architecture) ?? all[0]!
  }

  function expectFacts(image: Image, name: string, architecture: string): void {
    const expected = facts(name, architecture)
    expect([image.digest, image.configDigest]).toEqual([expected.digest, expected.configDigest])
    const diffIds = image.layers.filter((layer) => layer.blob.kind !== 'absent').map((layer) => layer.diffId)
    expect(diffIds).toEqual(expected.diffIDs)
    expect(image.layers.map((layer) => layer.digest)).toEqual(expected.layers.map((layer) => layer.digest))
  }

  it.each(names.filter((name) => !(name in hostile)))('%s', async (name) => {
    await using image = await openImage(join(corpus!, name), options, signal)
    expectFacts(image, name, process.arch === 'arm64' ? 'arm64' : 'amd64')
  })

  it.each(names.filter((name) => name.startsWith('fmt-index')))('%s, for arm64', async (name) => {
    await using image = await openImage(
      join(corpus!, name),
      { ...options, platform: { os: 'linux', architecture: 'arm64' } },
      signal,
    )
    expectFacts(image, name, 'arm64')
  })

  it.each(names.filter((name) => name in hostile))('%s', async (name) => {
    await expect(openImage(join(corpus!, name), options, signal)).rejects.toMatchObject({
      code: hostile[name],
      where: expect.stringContaining(name),
    })
  })

  it.each(names.filter((name) => /^fmt-|^hostile-|^debian-12-slim$/.test(name)))(
    '%s, from a registry',
    async (name) => {
      await using server = await startRegistry(join(corpus!, name))
      const read = async () => {
        await using image = await openImage(`${server.host}/test/image`, options, signal)
        if (!(name in hostile)) expectFacts(image, name, process.arch === 'arm64' ? 'arm64' : 'amd64')
        for (const { blob } of late.includes(name) ? image.layers : []) {
          if (blob.kind === 'stream') for await (const _ of blob.open(signal));
        }
      }
      if (name in hostile) await expect(read()).rejects.toMatchObject({ code: hostile[name] })
      else await read()
    },
  )
})
