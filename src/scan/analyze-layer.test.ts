import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { pax, type TarMember, tarArchive } from '../../test/support/tar.ts'
import type { Analyzer } from '../core/analyzer.ts'
import type { Digest } from '../core/digest.ts'
import type { LayerIndex } from '../core/layer-index.ts'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'
import { fileChunks, LayerReader, readLayerFile } from './analyze-layer.ts'
import { LayerRecorder } from './layer-recorder.ts'

const sha256 = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Wants the named file wherever it is, and sees a package for each word in it. */
function wordAnalyzer(name: string, more: Partial<Analyzer> = {}): Analyzer {
  return {
    id: `words-${name}`,
    version: 1,
    anchors: [`var/lib/${name}`],
    maxBytes: 1000,
    wants: (path) => path === name || path.endsWith(`/${name}`),
    analyze: ({ bytes }) => bytes.toString().split(' ').map(pkg),
    ...more,
  }
}

function pkg(name: string): Observation {
  return { kind: 'package', package: { type: 'deb', name, version: '1', arch: '', source: { name, version: '1' } } }
}

const folder = mkdtempSync(join(tmpdir(), 'chiaro-layer-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Made {
  readonly digest?: Digest
  readonly diffId?: Digest
  readonly size?: number
  readonly analyzers?: readonly Analyzer[]
}

/** Reads a blob from a file. */
function readBlob(blob: Buffer, tar: Buffer, made: Made = {}): LayerIndex {
  const path = join(folder, 'blob')
  writeFileSync(path, Buffer.concat([Buffer.from('before'), blob, Buffer.from('behind')]))
  const layer = { digest: sha256(blob), diffId: sha256(tar), size: blob.length, where: 'layer', ...made }
  return readLayerFile(layer, { path, offset: 6, size: layer.size }, made.analyzers ?? [wordAnalyzer('db')], () => {})
}

function readTar(members: readonly TarMember[], analyzers?: readonly Analyzer[]): LayerIndex {
  const tar = tarArchive(members)
  return readBlob(tar, tar, analyzers === undefined ? {} : { analyzers })
}

/** `path: what was seen` of all files in which something was. */
function seen({ files }: LayerIndex): readonly string[] {
  return files
    .filter(({ observations }) => observations.length > 0)
    .map(({ path, observations }) => `${path}: ${observations.map(text).join(' ')}`)
}

function text(observation: Observation): string {
  if (observation.kind === 'package') return observation.package.name
  return observation.kind === 'gap' ? observation.code : 'release'
}

const members: readonly TarMember[] = [
  { name: 'var/', type: '5' },
  { name: 'var/lib/db', body: 'a b' },
  { name: 'opt/other', body: 'x'.repeat(5000) },
  { name: 'link', type: '2', link: 'db' },
]
const tar = tarArchive(members)

describe('a layer', () => {
  it.each([
    ['plain', tar],
    ['gzip', gzipSync(tar)],
    ['gzip in members', Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
    ['zstd', zstdCompressSync(tar)],
  ])('%s', (_, blob) => {
    const index = readBlob(blob, tar)
    expect(index).toMatchObject({ digest: sha256(blob), diffId: sha256(tar), whiteouts: [], opaques: [], gaps: [] })
    expect(seen(index)).toEqual(['var/lib/db: a b'])
    expect(index.nonDirectories.size).toBe(3)
    for (const path of ['var/lib/db', 'opt/other', 'link']) expect(index.nonDirectories.has(path)).toBe(true)
    expect(index.nonDirectories.has('var')).toBe(false)
  })

  it('can come in bytes', () => {
    const blob = gzipSync(tar)
    const reader = new LayerReader({ digest: sha256(blob), diffId: sha256(tar), size: blob.length, where: 'layer' }, [
      wordAnalyzer('db'),
    ])
    for (let at = 0; at < blob.length; at++) reader.push(blob.subarray(at, at + 1))
    expect(seen(reader.finish().index)).toEqual(['var/lib/db: a b'])
  })

  it('can be empty', () => {
    expect(readTar([]).files).toEqual([])
    expect(readBlob(Buffer.alloc(0), Buffer.alloc(0)).files).toEqual([])
    expect(readBlob(gzipSync(''), Buffer.alloc(0)).files).toEqual([])
  })

  it('has sha512 digests too', () => {
    const sha512: Digest = `sha512:${createHash('sha512').update(tar).digest('hex')}`
    expect(seen(readBlob(gzipSync(tar), tar, { diffId: sha512 }))).toEqual(['var/lib/db: a b'])
    const other: Digest = `sha512:${'0'.repeat(128)}`
    expect(() => readBlob(gzipSync(tar), tar, { diffId: other })).toThrow(mismatch)
  })
})

const mismatch = expect.objectContaining({ code: 'DIGEST_MISMATCH' })
const invalid = expect.objectContaining({ code: 'LAYER_INVALID' })
const zero: Digest = `sha256:${'0'.repeat(64)}`

describe('verification', () => {
  const blob = gzipSync(tar)

  it.each<[string, Made]>([
    ['digest', { digest: zero }],
    ['diffID', { diffId: zero }],
    ['size that is larger', { size: blob.length + 1 }],
    ['size that is smaller', { size: blob.length - 1 }],
  ])('refuses another %s', (_, made) => {
    expect(() => readBlob(blob, tar, made)).toThrow(mismatch)
  })

  it('refuses another digest of a plain layer', () => {
    expect(() => readBlob(tar, tar, { digest: zero })).toThrow(mismatch)
    expect(() => readBlob(tar, tar, { digest: zero, diffId: zero })).toThrow(mismatch)
    expect(() => readBlob(tar, tar, { diffId: zero })).toThrow(mismatch)
  })

  it('blames the digest of a damaged blob, and the blob only if its digest is right', () => {
    const cut = blob.subarray(0, blob.length / 2)
    expect(() => readBlob(cut, tar)).toThrow(invalid)
    expect(() => readBlob(cut, tar, { digest: sha256(blob) })).toThrow(mismatch)
    const { digest: _, ...unnamed } = { digest: zero, diffId: sha256(tar), size: cut.length, where: 'layer' }
    const reader = new LayerReader({ ...unnamed, digest: undefined }, [])
    expect(() => {
      reader.push(cut)
      reader.finish()
    }).toThrow(invalid)
  })

  it('takes a diffID for right where only padding of the archive is missing, but no more than tar writes', () => {
    const bare = tarArchive(members, false)
    const padded = (blocks: number) => sha256(Buffer.concat([bare, Buffer.alloc(512 * blocks)]))
    for (const blocks of [0, 2, 20]) {
      expect(seen(readBlob(zstdCompressSync(bare), bare, { diffId: padded(blocks) }))).toEqual(['var/lib/db: a b'])
    }
    expect(() => readBlob(zstdCompressSync(bare), bare, { diffId: padded(21) })).toThrow(mismatch)
  })

  it.each([
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00])],
    ['text', Buffer.from('not a tar archive '.repeat(100))],
    ['gzip of text', gzipSync('not a tar archive '.repeat(100))],
  ])('refuses %s', (_, bytes) => {
    expect(() => readBlob(bytes, bytes)).toThrow(invalid)
  })

  it.each([
    ['compressed data', Buffer.concat([blob, Buffer.from('trailing garbage')]), tar],
    ['tar archive', gzipSync(Buffer.concat([tar, Buffer.from('x')])), Buffer.concat([tar, Buffer.from('x')])],
  ])('reads the layer and says so where something is behind the %s', (place, bytes, archive) => {
    const index = readBlob(bytes, archive)
    expect(seen(index)).toEqual(['var/lib/db: a b'])
    expect(index.gaps).toMatchObject([
      { code: 'layer-trailing-data', where: sha256(bytes), detail: expect.stringContaining(place) },
    ])
  })

  it.each([
    ['gzip', (tar: Buffer) => gzipSync(tar)],
    ['plain', (tar: Buffer) => tar],
  ])('finds the digests that nobody knew beforehand: %s', (_, compress) => {
    const tar = tarArchive([{ name: 'var/lib/db', body: 'a' }])
    const blob = compress(tar)
    const path = join(folder, 'blob')
    writeFileSync(path, blob)
    for (const digest of [undefined, sha256(blob)]) {
      const layer = { digest, diffId: undefined, size: undefined, where: 'layer' }
      const index = readLayerFile(layer, { path, offset: 0, size: blob.length }, [wordAnalyzer('db')], () => {})
      expect([index.digest, index.diffId]).toEqual([sha256(blob), sha256(tar)])
      expect(seen(index)).toEqual(['var/lib/db: a'])
    }
  })

  it('names a blob that is missing, or no file', () => {
    const layer = { digest: zero, diffId: zero, size: 10, where: 'layer' }
    const read = (path: string) => () => readLayerFile(layer, { path, offset: 0, size: 10 }, [], () => {})
    expect(read(join(folder, 'missing'))).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }))
    expect(read(folder)).toThrow(expect.objectContaining({ code: 'FILE_FAILED' }))
  })

  it('allocates nothing from the size of a descriptor', () => {
    writeFileSync(join(folder, 'small'), 'small')
    const chunks = [...fileChunks(join(folder, 'small'), 0, 2 ** 50, undefined)]
    expect(chunks.map((chunk) => chunk.buffer.byteLength)).toEqual([512 * 1024])
  })
})

describe('whiteouts', () => {
  it('are paths and opaque directories', () => {
    const { whiteouts, opaques, nonDirectories } = readTar([
      { name: 'a/.wh.b' },
      { name: '.wh.c' },
      { name: './d/.wh..wh..opq' },
      { name: '.wh..wh..opq' },
      { name: 'e/.wh..hidden' },
      { name: 'e/.wh...odd' },
    ])
    expect(whiteouts).toEqual(['a/b', 'c', 'e/.hidden', 'e/..odd'])
    expect(opaques).toEqual(['d', ''])
    expect(nonDirectories.size).toBe(0)
  })

  it.each([
    'usr/.wh.',
    'usr/.wh..',
    'usr/.wh...',
    '.wh...',
    'usr/.wh../etc',
    '.wh..wh.plnk/1.2',
    '.wh..wh.aufs',
    'a/.wh..wh.orph',
    'a/.wh..wh..opqx',
  ])('%s removes nothing', (name) => {
    expect(readTar([{ name }])).toMatchObject({ whiteouts: [], opaques: [] })
  })

  it('are limited', () => {
    const recorder = new LayerRecorder('layer', [])
    const note = () => {
      for (let place = 0; place <= limits.whiteouts; place++) recorder.whiteout(`${place}`)
    }
    expect(note).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', where: 'layer' }))
  })
})

describe('what stands at wanted paths and on the way to anchors', () => {
  it('is recorded, whatever it is', () => {
    const { files } = readTar([
      { name: 'var', type: '2', link: '/mnt/var' },
      { name: 'opt/db', type: '6' },
      { name: 'srv/db/', type: '5' },
      { name: 'etc/db', type: '2', link: '../x' },
      { name: 'etc/x', type: '2', link: 'unwanted' },
    ])
    expect(files).toEqual([
      { path: 'var', type: 'link', target: '/mnt/var', observations: [] },
      { path: 'opt/db', type: 'other', observations: [] },
      { path: 'srv/db', type: 'directory', observations: [] },
      { path: 'etc/db', type: 'link', target: '../x', observations: [] },
    ])
  })

  it('is a directory where a file is below, also without an entry of its own', () => {
    const { files } = readTar([{ name: 'var/lib/db', body: 'a' }])
    expect(files.map(({ path, type }) => `${path} ${type}`)).toEqual([
      'var/lib/db file',
      'var/lib directory',
      'var directory',
    ])
  })

  it('is the last of several entries', () => {
    expect(seen(readTar([{ name: 'db', body: 'old' }, { name: 'x' }, { name: './db', body: 'new' }]))).toEqual([
      'db: new',
    ])
    expect(
      readTar([
        { name: 'db', body: 'old' },
        { name: 'db', type: '2', link: 'x' },
      ]).files,
    ).toEqual([{ path: 'db', type: 'link', target: 'x', observations: [] }])
  })
})

describe('hard links', () => {
  const both = [wordAnalyzer('db'), wordAnalyzer('list')]

  it.each<[string, readonly TarMember[], readonly string[]]>([
    [
      'to a wanted file',
      [
        { name: 'db', body: 'a' },
        { name: 'x/db', type: '1', link: 'db' },
      ],
      ['db: a', 'x/db: a'],
    ],
    [
      'to a file that others want',
      [
        { name: 'list', body: 'a' },
        { name: 'db', type: '1', link: 'list' },
      ],
      ['list: a', 'db: a'],
    ],
    [
      'to an unwanted file',
      [
        { name: 'x', body: 'a' },
        { name: 'db', type: '1', link: './x' },
      ],
      ['db: a'],
    ],
    [
      'to files of aufs',
      [
        { name: '.wh..wh.plnk/1.2', body: 'a' },
        { name: 'db', type: '1', link: '.wh..wh.plnk/1.2' },
      ],
      ['db: a'],
    ],
    [
      'to a file that is replaced later',
      [
        { name: 'x', body: 'a' },
        { name: 'db', type: '1', link: 'x' },
        { name: 'x', body: 'b' },
      ],
      ['db: a'],
    ],
    [
      'that are replaced',
      [
        { name: 'x', body: 'a' },
        { name: 'db', type: '1', link: 'x' },
        { name: 'db', body: 'b' },
      ],
      ['db: b'],
    ],
    ['to nothing', [{ name: 'db', type: '1', link: 'x' }], ['db: link-unresolved']],
    [
      'to what comes behind',
      [
        { name: 'db', type: '1', link: 'x' },
        { name: 'x', body: 'a' },
      ],
      ['db: link-unresolved'],
    ],
    ['to themselves', [{ name: 'db', type: '1', link: 'db' }], ['db: link-unresolved']],
    ['out of the image', [{ name: 'db', type: '1', link: '../../../../etc/passwd' }], ['db: link-unresolved']],
    [
      'to a file that is too large',
      [
        { name: 'x', body: 'x'.repeat(1001) },
        { name: 'db', type: '1', link: 'x' },
      ],
      ['db: file-too-large'],
    ],
  ])('%s', (_, entries, expected) => {
    expect(seen(readTar(entries, both))).toEqual(expected)
  })

  it('to a symbolic link are that link', () => {
    const link = { path: 'db', type: 'link', target: 'there', observations: [] }
    expect(
      readTar([
        { name: 'x', type: '2', link: 'there' },
        { name: 'db', type: '1', link: 'x' },
      ]).files,
    ).toEqual([link])
    expect(
      readTar([
        { name: 'y/db', type: '2', link: 'there' },
        { name: 'db', type: '1', link: 'y/db' },
      ]).files,
    ).toContainEqual(link)
  })

  it('make no second pass where none is needed', () => {
    const archive = tarArchive([
      { name: 'db', body: 'a' },
      { name: 'x/db', type: '1', link: 'db' },
      { name: 'y', type: '1', link: 'x' },
    ])
    const reader = new LayerReader({ digest: undefined, diffId: undefined, size: archive.length, where: 'layer' }, both)
    reader.push(archive)
    expect(reader.finish().linkSources.size).toBe(0)
  })
})

describe('analyzers', () => {
  it('that throw are a gap beside what they saw, and do not stop others', () => {
    const throwing = wordAnalyzer('db', {
      id: 'throwing',
      *analyze() {
        yield pkg('before')
        throw new Error('broken\u001b[31m')
      },
    })
    const index = readTar([{ name: 'db', body: 'a' }], [throwing, wordAnalyzer('db')])
    expect(seen(index)).toEqual(['db: before database-unreadable a'])
    expect(index.files[0]!.observations[1]).toMatchObject({ detail: 'throwing failed: broken\\u001b[31m' })
  })

  it('do not get files over their limit', () => {
    const small = wordAnalyzer('db', { id: 'small', maxBytes: 3 })
    expect(seen(readTar([{ name: 'db', body: 'four' }], [small]))).toEqual(['db: file-too-large'])
    expect(seen(readTar([{ name: 'db', body: 'four' }], [small, wordAnalyzer('db')]))).toEqual([
      'db: file-too-large four',
    ])
    expect(seen(readTar([{ name: 'db', body: 'two' }], [small]))).toEqual(['db: two'])
  })

  it('get at most so many files of a layer', () => {
    const wanting = [wordAnalyzer('db')]
    const recorder = new LayerRecorder('layer', wanting)
    for (let place = 0; place < limits.wantedFiles; place++) recorder.admits(`${place}/db`, 0, wanting)
    expect(recorder.index(undefined, undefined).gaps).toEqual([])
    expect(recorder.admits('more/db', 0, wanting)).toBe(false)
    expect(recorder.admits('still/more/db', 0, wanting)).toBe(false)
    const gap = { code: 'file-too-large', where: 'layer', detail: expect.stringMatching(/^more\/db and/) }
    expect(recorder.index(undefined, undefined).gaps).toEqual([gap])
  })

  it('get at most so many bytes of a layer', () => {
    const any = wordAnalyzer('db', { wants: () => true, analyze: () => [], maxBytes: limits.wantedBytes * 2 })
    const sparse = (name: string, size: number) => [
      pax({ 'GNU.sparse.map': '', 'GNU.sparse.size': String(size) }),
      { name },
    ]
    const archive = tarArchive([...sparse('a', 1000), ...sparse('b', limits.wantedBytes - 999), ...sparse('c', 1)])
    expect(readBlob(archive, archive, { analyzers: [any] }).gaps).toMatchObject([
      { code: 'file-too-large', detail: expect.stringMatching(/^b and/) },
    ])
  })
})
