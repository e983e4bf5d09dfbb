import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { imageOf } from '../../test/support/layout-image.ts'
import { lineAnalyzers, lineWorker } from '../../test/support/line-analyzers.ts'
import { type TarMember, tarArchive } from '../../test/support/tar.ts'
import type { Digest } from '../core/digest.ts'
import type { Image, Layer, LayerBlob } from '../core/image.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import type { ProgressEvent } from '../core/progress.ts'
import type { IndexReport } from '../core/report.ts'
import type { IndexStore } from '../core/store.ts'
import { type IndexOptions, indexImage } from './index-image.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-index-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sha256 = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const status = (...names: readonly string[]) =>
  names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n`).join('\n')
const database = (...names: readonly string[]): TarMember => ({ name: 'var/lib/dpkg/status', body: status(...names) })

let files = 0

function asFile(blob: Buffer): LayerBlob {
  const path = join(folder, `${files++}`)
  writeFileSync(path, blob)
  return { kind: 'file', path, offset: 0, size: blob.length }
}

/** A stream in pieces of `step` bytes that counts how often it is opened. */
function asStream(blob: Buffer, step = 10_000, onPiece: () => void = () => {}): LayerBlob & { opened: number } {
  const stream = {
    kind: 'stream' as const,
    size: blob.length,
    opened: 0,
    async *open() {
      stream.opened++
      const piece = Buffer.alloc(step)
      for (let at = 0; at < blob.length; at += step) {
        // The same memory again and again, as a source may do it.
        const length = blob.copy(piece, 0, at, at + step)
        onPiece()
        yield piece.subarray(0, length)
      }
    },
  }
  return stream
}

function layerOf(members: readonly TarMember[], blobOf: (blob: Buffer) => LayerBlob = asFile): Layer {
  const tar = tarArchive(members)
  const bytes = gzipSync(tar)
  return { digest: sha256(bytes), diffId: sha256(tar), mediaType: '', createdBy: 'RUN x', blob: blobOf(bytes) }
}

function index(image: Image, options: Partial<IndexOptions> = {}): Promise<IndexReport> {
  return indexImage(image, {
    analyzers: lineAnalyzers,
    analyzersKey: 'key',
    store: undefined,
    progress: () => {},
    signal: new AbortController().signal,
    worker: lineWorker,
    ...options,
  })
}

const found = ({ packages }: IndexReport) => packages.map(({ name, layer }) => `${name} ${layer}`)
/** Does not compress, so that layers with it are read in threads. */
const ballast = (bytes: number): TarMember => {
  const body = Buffer.alloc(bytes)
  for (let at = 0, state = 1; at < bytes; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    body.writeInt32LE(state, at)
  }
  return { name: 'opt/ballast', body }
}

describe('layers', () => {
  it.each([
    ['small ones', 0, asFile],
    ['large ones, in threads', 2 << 20, asFile],
    ['streams', 2 << 20, asStream],
    ['small streams', 0, asStream],
  ])('%s are read and squashed', async (_, size, blobOf) => {
    const layers = [
      layerOf([database('a', 'b'), ballast(size)], (blob) => blobOf(blob)),
      layerOf([{ name: 'etc/os-release', body: 'ID=debian\nVERSION_ID=12\n' }], (blob) => blobOf(blob)),
      layerOf([database('a', 'c'), ballast(size)], (blob) => blobOf(blob)),
    ]
    const report = await index(imageOf(layers))
    expect(found(report)).toEqual(['a 0', 'c 2'])
    expect(report.release).toMatchObject({ id: 'debian', versionId: '12' })
    expect(report.image.layers.map(({ digest, createdBy }) => [digest, createdBy])).toEqual(
      layers.map(({ digest }) => [digest, 'RUN x']),
    )
  })

  it('that are the same are read once', async () => {
    const streams: (LayerBlob & { opened: number })[] = []
    const same = () => layerOf([database('a')], (blob) => streams[streams.push(asStream(blob)) - 1]!)
    expect(found(await index(imageOf([same(), same(), same()])))).toEqual(['a 0'])
    expect(streams.map(({ opened }) => opened)).toEqual([1, 0, 0])
  })

  it('that need a second pass get one, as files and as streams', async () => {
    const members = [
      { name: 'copy', body: status('a') },
      { name: 'var/lib/dpkg/status', type: '1', link: 'copy' },
    ]
    let stream: ReturnType<typeof asStream> | undefined
    const streamed = layerOf(members, (blob) => {
      stream = asStream(blob, 100)
      return stream
    })
    expect(found(await index(imageOf([streamed])))).toEqual(['a 0'])
    expect(stream?.opened).toBe(2)
    expect(found(await index(imageOf([layerOf(members)])))).toEqual(['a 0'])
    expect(found(await index(imageOf([layerOf([...members, ballast(2 << 20)])])))).toEqual(['a 0'])
  })

  it('that cannot be had are gaps', async () => {
    const gap = { code: 'layer-skipped', where: 'layer', detail: 'foreign' } as const
    const absent: Layer = { ...layerOf([]), blob: { kind: 'absent', gap } }
    const report = await index(imageOf([layerOf([database('a')]), absent]))
    expect(found(report)).toEqual(['a 0'])
    expect(report.gaps).toEqual([gap])
  })

  it('can be a directory', async () => {
    const root = mkdtempSync(join(folder, 'root-'))
    writeFileSync(join(root, 'x'), '')
    const blob = { kind: 'directory', path: root } as const
    const layer: Layer = { digest: undefined, diffId: undefined, mediaType: '', createdBy: '', blob }
    expect(await index(imageOf([layer]))).toMatchObject({ packages: [], gaps: [] })
  })

  it('are not there at all', async () => {
    expect(await index(imageOf([]))).toMatchObject({ packages: [], gaps: [], release: undefined })
  })

  it('are limited in number', async () => {
    const one = layerOf([])
    const many = imageOf(Array.from({ length: limits.layers + 1 }, () => one))
    await expect(index(many)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  it('tell how far they are', async () => {
    const events: ProgressEvent[] = []
    await index(imageOf([layerOf([ballast(4 << 20)]), layerOf([])]), { progress: (event) => events.push(event) })
    const last = events.filter(({ finished }) => finished)
    expect(last.map(({ step, label }) => `${step}: ${label}`).sort()).toEqual([
      'layer-0: layer 1 of 2',
      'layer-1: layer 2 of 2',
    ])
    for (const { done, total } of last) expect(done).toBe(total)
  })
})

describe('what goes wrong', () => {
  const large = [database('a'), ballast(2 << 20)]
  const wrong: Digest = `sha256:${'0'.repeat(64)}`

  it.each([
    ['file', asFile],
    ['stream', asStream],
  ])('in a %s stops everything, with the error as it was', async (_, blobOf) => {
    const bad: Layer = { ...layerOf(large, (blob) => blobOf(blob)), diffId: wrong }
    const where = `test, layer ${bad.digest}`
    const error = { code: 'DIGEST_MISMATCH', where, advice: expect.any(String) }
    await expect(index(imageOf([layerOf(large), bad]))).rejects.toMatchObject(error)
  })

  it('in a stream is what the stream says', async () => {
    const failing = (blob: Buffer): LayerBlob => ({
      kind: 'stream',
      size: blob.length,
      async *open() {
        yield blob.subarray(0, 1000)
        throw new Error('the connection is gone')
      },
    })
    await expect(index(imageOf([layerOf(large, failing)]))).rejects.toThrow('the connection is gone')
  })

  it('ends a stream that nobody reads any more', async () => {
    let ended = false
    const endless = (blob: Buffer): LayerBlob => ({
      kind: 'stream',
      size: blob.length,
      async *open(signal) {
        try {
          yield Buffer.from([0x1f, 0x8b, 0x07])
          for (; !signal.aborted; await setTimeout(1)) yield Buffer.alloc(100_000, 1)
        } finally {
          ended = true
        }
      },
    })
    const layer = { ...layerOf(large, endless), digest: undefined }
    await expect(index(imageOf([layer]))).rejects.toMatchObject({ code: 'LAYER_INVALID' })
    await setTimeout(100)
    expect(ended).toBe(true)
  })

  it.each([
    ['exit', 'INTERNAL'],
    ['throw', 'INTERNAL'],
    ['memory', 'LIMIT_EXCEEDED'],
  ])('in the thread itself is an error: %s', async (path, code) => {
    const worker = new URL('../../test/support/breaking-worker.ts', import.meta.url)
    const layer: Layer = { ...layerOf([]), digest: undefined, diffId: undefined, blob: { kind: 'directory', path } }
    await expect(index(imageOf([layer]), { worker })).rejects.toMatchObject({ code })
  })

  it('can be ended at once, even in a thread that listens to nobody', async () => {
    const worker = new URL('../../test/support/breaking-worker.ts', import.meta.url)
    const layer: Layer = {
      ...layerOf([]),
      digest: undefined,
      diffId: undefined,
      blob: { kind: 'directory', path: 'hang' },
    }
    const work = index(imageOf([layer]), { worker, signal: AbortSignal.timeout(300) })
    const started = performance.now()
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' })
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('can be ended while something small becomes large', async () => {
    const zeros = Buffer.alloc(1 << 28)
    const one = zstdCompressSync(zeros)
    const blob = Buffer.concat(Array.from({ length: 40 }, () => one))
    expect(blob.length).toBeLessThan(1 << 20)
    const layer: Layer = { ...layerOf([]), digest: sha256(blob), blob: asFile(blob) }
    const started = performance.now()
    await expect(index(imageOf([layer]), { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('is nothing if it was ended before', async () => {
    const stream = { opened: 0 }
    const layer = layerOf([], (blob) => Object.assign(stream, asStream(blob)))
    await expect(index(imageOf([layer]), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(stream.opened).toBe(0)
  })

  it('is nothing if it was ended before, of an image that is known, too', async () => {
    const known = await index(imageOf([layerOf([database('a')])]))
    const image = { ...imageOf([]), known }
    expect(found(await index(image))).toEqual(['a 0'])
    await expect(index(image, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

it('hands a stream over no faster than it is read', async () => {
  const blob = Buffer.alloc(64 << 20, 'x')
  let pieces = 0
  const layer: Layer = {
    digest: sha256(blob),
    diffId: undefined,
    mediaType: '',
    createdBy: '',
    blob: asStream(blob, 64 * 1024, () => pieces++),
  }
  // No tar archive: the thread finds that out at the first block, but hashes the rest to see whether the blob is damaged.
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }, 1)
  await expect(index(imageOf([layer]))).rejects.toMatchObject({ code: 'LAYER_INVALID' })
  clearInterval(watch)
  expect(pieces).toBe(1024)
  expect(most - before).toBeLessThan(32 << 20)
})

describe('the store', () => {
  /** A store that keeps what it is given. */
  function memoryStore() {
    const layers = new Map<string, LayerIndex>()
    const images = new Map<string, IndexReport>()
    const store: IndexStore = {
      layer: async (digest, diffId, key) =>
        diffId === undefined
          ? layers.get([...layers.keys()].find((known) => known.startsWith(digest) && known.endsWith(key)) ?? '')
          : layers.get(`${digest} ${diffId} ${key}`),
      putLayer: async (one, key) => void layers.set(`${one.digest} ${one.diffId} ${key}`, one),
      image: async (digest, key) => images.get(`${digest} ${key}`),
      putImage: async (report, key) => void images.set(`${report.image.digest} ${key}`, report),
      failure: async () => undefined,
      putFailure: async () => {},
      removeImages: async () => [],
      matches: async () => undefined,
      putMatches: async () => {},
      found: async () => undefined,
      putFound: async () => {},
    }
    return { store, layers, images }
  }

  const digest = sha256(Buffer.from('manifest'))

  it('knows an image the next time, and none of its blobs is opened', async () => {
    const { store } = memoryStore()
    const first = await index(imageOf([layerOf([database('a')])], { digest }), { store })
    const gone: LayerBlob = { kind: 'file', path: join(folder, 'gone'), offset: 0, size: 1 }
    const again = { ...imageOf([{ ...layerOf([]), blob: gone }], { digest }), reference: 'other', tags: ['tag'] }
    const second = await index(again, { store })
    expect(second).toEqual({ ...first, image: { ...first.image, reference: 'other', tags: ['tag'] } })
    await expect(index(again, { store, analyzersKey: 'newer' })).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it('knows layers of another image, and reads only the new ones', async () => {
    const { store, layers } = memoryStore()
    const base = layerOf([database('a')])
    await index(imageOf([base]), { store })
    const known: Layer = { ...base, blob: { kind: 'file', path: join(folder, 'gone'), offset: 0, size: 1 } }
    expect(found(await index(imageOf([known, layerOf([database('a', 'b')])]), { store }))).toEqual(['a 0', 'b 1'])
    expect(layers.size).toBe(2)
  })

  it('knows layers by the digests of their blobs, where the image says no more', async () => {
    const { store } = memoryStore()
    const first = await index(imageOf([{ ...layerOf([database('a')]), diffId: undefined }]), { store })
    const base = layerOf([database('a')])
    expect(first.image.layers).toMatchObject([{ digest: base.digest, diffId: base.diffId }])
    const blob: LayerBlob = { kind: 'file', path: join(folder, 'gone'), offset: 0, size: 1 }
    const second = await index(imageOf([{ ...base, diffId: undefined, blob }]), { store })
    expect(second.packages).toEqual(first.packages)
    expect(second.image.layers).toEqual(first.image.layers)
  })

  it('gets nothing that may be otherwise the next time', async () => {
    const { store, layers, images } = memoryStore()
    const gap = { code: 'layer-skipped', where: 'layer', detail: 'foreign' } as const
    await index(imageOf([{ ...layerOf([]), blob: { kind: 'absent', gap } }], { digest }), { store })
    const blob = { kind: 'directory', path: folder } as const
    await index(imageOf([{ ...layerOf([]), digest: undefined, diffId: undefined, blob }]), { store })
    expect([layers.size, images.size]).toEqual([0, 0])
  })

  it('keeps the layers that were read when another one fails', async () => {
    const { store, layers } = memoryStore()
    const bad: Layer = { ...layerOf([]), blob: { kind: 'file', path: join(folder, 'gone'), offset: 0, size: 1 } }
    await expect(index(imageOf([layerOf([database('a')]), bad]), { store })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    })
    expect(layers.size).toBe(1)
  })
})

it('has a worker of its own beside src', () => {
  expect(readFileSync(new URL('../worker.ts', import.meta.url), 'utf8')).toContain('serveLayers')
})
