import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Blobs, digestOf, tagged, tarOf } from '../../test/support/layout.ts'
import type { Image, ImageOptions } from '../core/image.ts'
import { limits } from '../core/limits.ts'
import { checkArchiveSize } from './archive.ts'
import { openDockerArchiveFile } from './docker-archive.ts'
import { openImage } from './registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
const signal = new AbortController().signal
const options: ImageOptions = {
  platform: undefined,
  offline: false,
  registry: { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined },
}
const layers: Buffer[] = []

beforeAll(async () => {
  layers.push(await tarOf({ 'etc/os-release': 'ID=debian' }), await tarOf({ 'var/lib/dpkg/status': 'Package: a\n' }))
})

afterAll(() => rmSync(folder, { recursive: true }))

async function write(
  name: string,
  files: Readonly<Record<string, string | Buffer>>,
  pack = (tar: Buffer) => tar,
): Promise<string> {
  const file = join(folder, name)
  writeFileSync(file, pack(await tarOf(files)))
  return file
}

function configOf(tars: readonly Buffer[], architecture = 'amd64'): string {
  const history = tars.map((_, index) => ({ created_by: `RUN step ${index}` }))
  return JSON.stringify({
    os: 'linux',
    architecture,
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    history,
  })
}

const hexOf = (text: string | Buffer) => digestOf(Buffer.from(text)).slice(7)

/** The members of what Docker 1.10 to 24 save: a folder a layer, and a link where a layer is there twice. */
function classic(): Record<string, string | Buffer> {
  const config = configOf([layers[0]!, layers[1]!, layers[0]!])
  return {
    'aa/layer.tar': layers[0]!,
    'bb/layer.tar': layers[1]!,
    'cc/layer.tar': '-> ../aa/layer.tar',
    [`${hexOf(config)}.json`]: config,
    'manifest.json': JSON.stringify([
      {
        Config: `${hexOf(config)}.json`,
        RepoTags: ['debian:12', 'quay.io/team/app:1'],
        Layers: ['aa/layer.tar', 'bb/layer.tar', 'cc/layer.tar'],
      },
    ]),
    repositories: '{}',
  }
}

function contentOf({ blob }: Image['layers'][number]): Buffer {
  if (blob.kind !== 'file') throw new Error(`a ${blob.kind}`)
  return readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size)
}

describe('docker-archive', () => {
  it.each<[string, (tar: Buffer) => Buffer]>([
    ['classic.tar', (tar) => tar],
    ['classic.tar.gz', (tar) => gzipSync(tar)],
    ['classic.tar.zst', (tar) => zstdCompressSync(tar)],
  ])('reads what older Dockers save: %s', async (name, pack) => {
    const file = await write(name, classic(), pack)
    await using image = await openDockerArchiveFile(file, options, signal)
    expect(image.tags).toEqual(['docker.io/library/debian:12', 'quay.io/team/app:1'])
    expect(image.configDigest).toBe(digestOf(Buffer.from(configOf([layers[0]!, layers[1]!, layers[0]!]))))
    expect(image.digest).toBe(image.configDigest)
    expect(image.layers.map(contentOf)).toEqual([layers[0], layers[1], layers[0]])
    expect(image.layers.map(({ digest, diffId, createdBy }) => [digest, diffId, createdBy])).toEqual(
      [0, 1, 0].map((layer, index) => [digestOf(layers[layer]!), digestOf(layers[layer]!), `RUN step ${index}`]),
    )
  })

  it('leaves no temporary file behind, not even while it is open', async () => {
    const file = await write('temporary.tar.gz', classic(), (tar) => gzipSync(tar))
    const left = () => readdirSync(tmpdir()).filter((name) => /^chiaro-[0-9a-f]{24}$/.test(name))
    const before = left()
    await using image = await openDockerArchiveFile(file, options, signal)
    expect(left()).toEqual(before)
    expect(contentOf(image.layers[0]!)).toEqual(layers[0])
  })

  it('reads what newer Dockers save: an OCI layout, layers of which may be compressed', async () => {
    const config = configOf(layers)
    const packed = gzipSync(layers[1]!)
    const path = (bytes: Buffer | string) => `blobs/sha256/${hexOf(bytes)}`
    const file = await write('new.tar', {
      [path(layers[0]!)]: layers[0]!,
      [path(packed)]: packed,
      [path(config)]: config,
      'index.json': JSON.stringify({ schemaVersion: 2, manifests: [] }),
      'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
      'manifest.json': JSON.stringify([
        { Config: path(config), RepoTags: null, Layers: [path(layers[0]!), path(packed)] },
      ]),
    })
    await using image = await openImage(file, options, signal)
    expect(image.tags).toEqual([])
    expect(image.layers.map(({ digest, diffId }) => [digest, diffId])).toEqual([
      [digestOf(layers[0]!), digestOf(layers[0]!)],
      [digestOf(packed), digestOf(layers[1]!)],
    ])
  })

  it('finds the digest of compressed layers that do not name it', async () => {
    const config = configOf(layers)
    const packed = layers.map((layer) => gzipSync(layer))
    const file = await write('bazel.tar', {
      'config.json': config,
      'one.tar.gz': packed[0]!,
      'two.tar.gz': packed[1]!,
      'manifest.json': JSON.stringify([
        { Config: 'config.json', RepoTags: ['a:b'], Layers: ['one.tar.gz', 'two.tar.gz'] },
      ]),
    })
    await using image = await openDockerArchiveFile(file, options, signal)
    expect(image.layers.map((layer) => layer.digest)).toEqual(packed.map(digestOf))
    expect(image.layers[0]!.mediaType).toBe('application/vnd.docker.image.rootfs.diff.tar.gzip')
  })

  it('wants a tag where there are several images', async () => {
    const [first, second] = [configOf([layers[0]!]), configOf([layers[1]!])]
    const file = await write('several.tar', {
      'one.tar': layers[0]!,
      'two.tar': layers[1]!,
      'first.json': first,
      'second.json': second,
      'manifest.json': JSON.stringify([
        { Config: 'first.json', RepoTags: ['app:1', 'app:latest'], Layers: ['one.tar'] },
        { Config: 'second.json', RepoTags: ['other/app:2'], Layers: ['two.tar'] },
      ]),
    })
    const digest = async (reference: string) => {
      await using image = await openDockerArchiveFile(reference, options, signal)
      return image.configDigest
    }
    await expect(digest(file)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('app:1 or app:latest, other/app:2'),
    })
    await expect(digest(`${file}:app:3`)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('other/app:2'),
    })
    expect(await digest(`${file}:app`)).toBe(digestOf(Buffer.from(first)))
    expect(await digest(`${file}:docker.io/library/app:1`)).toBe(digestOf(Buffer.from(first)))
    expect(await digest(`${file}:other/app:2`)).toBe(digestOf(Buffer.from(second)))
    expect(await digest(`${file}:2`)).toBe(digestOf(Buffer.from(second)))
  })

  it('has a gap where a foreign layer is not in it', async () => {
    const config = configOf(layers)
    const source = { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', size: 1, digest: 'x' }
    const manifest = {
      Config: 'c',
      RepoTags: null,
      Layers: ['gone', 'two.tar'],
      LayerSources: { [digestOf(layers[0]!)]: source },
    }
    const file = await write('foreign.tar', {
      c: config,
      'two.tar': layers[1]!,
      'manifest.json': JSON.stringify([manifest]),
    })
    await using image = await openDockerArchiveFile(file, options, signal)
    expect(image.layers.map((layer) => layer.blob.kind)).toEqual(['absent', 'file'])
  })

  it.each<[string, (files: Record<string, string | Buffer>) => unknown, string, string]>([
    [
      'no manifest.json',
      (files) => delete files['manifest.json'] && delete files.repositories,
      'ARCHIVE_INVALID',
      'no manifest.json',
    ],
    ['an ancient one', (files) => delete files['manifest.json'], 'ARCHIVE_INVALID', 'older than 1.10'],
    [
      'manifest.json that is no list',
      (files) => Object.assign(files, { 'manifest.json': '{}' }),
      'MANIFEST_INVALID',
      'must be a list',
    ],
    [
      'manifest.json that is empty',
      (files) => Object.assign(files, { 'manifest.json': '[]' }),
      'MANIFEST_INVALID',
      'names no image',
    ],
    [
      'entries of another type',
      (files) => Object.assign(files, { 'manifest.json': '["x"]' }),
      'MANIFEST_INVALID',
      '[0] must be an object',
    ],
    [
      'no configuration',
      (files) => Object.assign(files, { 'manifest.json': '[{"Config":"x","Layers":[]}]' }),
      'ARCHIVE_INVALID',
      'configuration is missing',
    ],
    [
      'fewer layers than diff_ids',
      (files) =>
        Object.assign(files, { 'manifest.json': files['manifest.json']!.toString().replace(',"cc/layer.tar"', '') }),
      'MANIFEST_INVALID',
      '3 diff_ids for 2 layers',
    ],
    ['a missing layer', (files) => delete files['bb/layer.tar'], 'ARCHIVE_INVALID', 'layer is missing'],
    [
      'a link to itself',
      (files) => Object.assign(files, { 'cc/layer.tar': '-> ../cc/layer.tar' }),
      'ARCHIVE_INVALID',
      'layer is missing',
    ],
    [
      'a link out of it',
      (files) => Object.assign(files, { 'cc/layer.tar': '-> ../../../../etc/passwd' }),
      'ARCHIVE_INVALID',
      'layer is missing',
    ],
    [
      'a tampered configuration',
      (files) => Object.assign(files, { [Object.keys(files).find((name) => name.length > 64)!]: '{}' }),
      'DIGEST_MISMATCH',
      'hashes to',
    ],
  ])('refuses %s', async (name, change, code, message) => {
    const files = classic()
    change(files)
    const file = await write(`${name.replaceAll(' ', '-')}.tar`, files)
    const failure = openDockerArchiveFile(file, options, signal)
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      where: expect.stringContaining(file),
    })
  })

  it('takes another platform only if it is asked for', async () => {
    const file = await write('arm.tar', {
      c: configOf([layers[0]!], 'arm64'),
      l: layers[0]!,
      'manifest.json': '[{"Config":"c","RepoTags":[],"Layers":["l"]}]',
    })
    await using image = await openDockerArchiveFile(file, options, signal)
    expect(image.platform.architecture).toBe('arm64')
    const amd64 = openDockerArchiveFile(file, { ...options, platform: { os: 'linux', architecture: 'amd64' } }, signal)
    await expect(amd64).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('linux/arm64'),
    })
  })
})

describe('oci-archive', () => {
  async function layoutFiles(): Promise<{ files: Record<string, string | Buffer>; digests: string[] }> {
    const blobs = new Blobs()
    const image = (release: string) =>
      blobs.image({
        platform: { os: 'linux', architecture: 'amd64' },
        layers: [{ 'etc/os-release': `VERSION_ID=${release}` }],
      })
    const [one, two] = [await image('1'), await image('2')]
    const named = {
      ...two,
      annotations: { 'io.containerd.image.name': 'docker.io/library/app:2', 'org.opencontainers.image.ref.name': '2' },
    }
    const files: Record<string, string | Buffer> = {}
    for (const [digest, bytes] of blobs.all) files[`blobs/${digest.replace(':', '/')}`] = bytes
    files['index.json'] = JSON.stringify({ schemaVersion: 2, manifests: [tagged(one, '1'), named] })
    return { files, digests: [one.digest, two.digest] }
  }

  it('finds images by tag, name and digest', async () => {
    const { files, digests } = await layoutFiles()
    const file = await write('oci.tar', files)
    const open = async (selector: string) => {
      await using image = await openImage(file + selector, options, signal)
      expect(digestOf(contentOf(image.layers[0]!))).toBe(image.layers[0]!.digest)
      return [image.digest, ...image.tags]
    }
    expect(await open(':1')).toEqual([digests[0]])
    expect(await open(':2')).toEqual([digests[1], 'docker.io/library/app:2'])
    expect(await open(':app:2')).toEqual([digests[1], 'docker.io/library/app:2'])
    expect(await open(`@${digests[0]}`)).toEqual([digests[0]])
    await expect(open('')).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      advice: expect.stringContaining('1, docker.io/library/app:2'),
    })
    await expect(open(':3')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(open('@sha256:../x')).rejects.toMatchObject({ code: 'REFERENCE_INVALID' })
    await expect(open(`@${digestOf(Buffer.from('?'))}`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it('names the blob that is missing', async () => {
    const { files } = await layoutFiles()
    const layer = Object.entries(files).find(([, bytes]) => bytes[0] === 0x1f)![0]
    delete files[layer]
    const file = await write('incomplete.tar', files)
    const failure = openImage(`${file}:1`, options, signal)
    await expect(failure).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining(layer.split('/')[2]!),
    })
  })
})

describe('archives that are none', () => {
  it.each<[string, Buffer, string]>([
    ['text', Buffer.from('hello '.repeat(500)), 'ARCHIVE_INVALID'],
    ['empty', Buffer.alloc(0), 'ARCHIVE_INVALID'],
    ['zeros', Buffer.alloc(10_240), 'ARCHIVE_INVALID'],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'ARCHIVE_INVALID'],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]), 'ARCHIVE_INVALID'],
    ['cut gzip', gzipSync(Buffer.alloc(100_000)).subarray(0, 60), 'ARCHIVE_INVALID'],
    ['gzip of text', gzipSync(Buffer.from('hello '.repeat(500))), 'ARCHIVE_INVALID'],
  ])('%s', async (name, bytes, code) => {
    const file = join(folder, `${name}.bin`)
    writeFileSync(file, bytes)
    for (const reference of [file, `docker-archive:${file}`, `oci-archive:${file}`]) {
      const failure = openImage(reference, options, signal)
      await expect(failure).rejects.toMatchObject({ code, where: file, advice: expect.any(String) })
    }
  })

  it('cut in the middle of a layer', async () => {
    const tar = await tarOf(classic())
    const file = join(folder, 'cut.tar')
    writeFileSync(file, tar.subarray(0, 1300))
    await expect(openImage(file, options, signal)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', where: file })
  })

  it('with more than limits.archiveEntries entries', async () => {
    const one = (await tarOf({ a: '' })).subarray(0, 512)
    const file = join(folder, 'many.tar')
    writeFileSync(file, Buffer.concat([...new Array<Buffer>(limits.archiveEntries + 1).fill(one), Buffer.alloc(1024)]))
    await expect(openImage(file, options, signal)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', where: file })
  })

  it('that would fill the disk', () => {
    const { archiveBytes, archiveRatio, archiveRatioFrom } = limits
    const packed = Math.ceil(archiveRatioFrom / archiveRatio)
    checkArchiveSize(archiveBytes, archiveBytes, 'file')
    checkArchiveSize(archiveRatioFrom, 1, 'file')
    checkArchiveSize(packed * archiveRatio, packed, 'file')
    const tooMuch = expect.objectContaining({ code: 'LIMIT_EXCEEDED', where: 'file' })
    expect(() => checkArchiveSize(archiveBytes + 1, archiveBytes, 'file')).toThrow(tooMuch)
    expect(() => checkArchiveSize(packed * archiveRatio + 1, packed, 'file')).toThrow(tooMuch)
  })

  it('stops when cancelled', async () => {
    const file = await write('cancelled.tar.gz', classic(), (tar) => gzipSync(tar))
    await expect(openImage(file, options, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
