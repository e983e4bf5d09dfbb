import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { base256, pax, type TarMember, tarArchive, tarHeader } from '../../test/support/tar.ts'
import { limits } from '../core/limits.ts'
import { listTar, type TarEntry, TarWalker } from './tar.ts'

interface Read {
  readonly path: string
  readonly type: TarEntry['type']
  readonly size: number
  readonly linkTarget: string
  readonly body?: Buffer
}

/** Everything in an archive that is pushed in chunks of `step` bytes. */
function read(archive: Buffer, step = 4096): { readonly entries: readonly Read[]; readonly trailing: boolean } {
  const entries: { -readonly [key in keyof Read]: Read[key] }[] = []
  const walker = new TarWalker(
    'test.tar',
    ({ path, type, size, linkTarget }) => {
      entries.push({ path, type, size, linkTarget })
      return 'keep'
    },
    (_, body) => {
      entries.at(-1)!.body = body
    },
  )
  const chunk = Buffer.alloc(step)
  for (let at = 0; at < archive.length; at += step) {
    // One buffer used again, so that a body that is not copied shows.
    const length = archive.copy(chunk, 0, at, at + step)
    walker.push(chunk.subarray(0, length))
  }
  walker.end()
  return { entries, trailing: walker.trailing }
}

const file = (path: string, body: string): Read => ({
  path,
  type: 'file',
  size: body.length,
  linkTarget: '',
  body: Buffer.from(body),
})

const names = (members: readonly TarMember[]) => read(tarArchive(members)).entries.map(({ path }) => path)

async function packed(
  members: readonly { name: string; body: Buffer; type: string; linkname: string }[],
): Promise<Buffer> {
  const archive = pack()
  for (const { name, body, type, linkname } of members) {
    if (type === 'file') archive.entry({ name }, body)
    else if (type === 'directory') archive.entry({ name, type })
    else archive.entry({ name, type: type as 'link' | 'symlink', linkname })
  }
  archive.finalize()
  return Buffer.concat(await gather(archive as AsyncIterable<Buffer>))
}

async function unpacked(archive: Buffer): Promise<readonly Read[]> {
  const reader = extract()
  reader.end(archive)
  const entries: Read[] = []
  for await (const entry of reader) {
    const { header } = entry
    const bytes = Buffer.concat(await gather(entry as unknown as AsyncIterable<Buffer>))
    const type = header.type === 'link' ? 'hardlink' : (header.type as Read['type'])
    const body = type === 'file' ? { body: bytes } : {}
    const path = header.name.replace(/\/$/, '')
    entries.push({ path, type, size: bytes.length, linkTarget: header.linkname ?? '', ...body })
  }
  return entries
}

async function gather<T>(values: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = []
  for await (const value of values) gathered.push(value)
  return gathered
}

describe('against tar-stream', () => {
  const component = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((name) => !/[/\0]|^\.{1,2}$/.test(name))
  const path = fc.array(component, { minLength: 1, maxLength: 8 }).map((components) => components.join('/'))
  const member = fc.record({
    name: path,
    body: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    type: fc.constantFrom('file', 'directory', 'symlink', 'link'),
    linkname: path,
  })

  it('reads what it writes as it does, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), async (members, step) => {
        const archive = await packed(members)
        expect(read(archive, step).entries).toEqual(await unpacked(archive))
      }),
      { numRuns: 150 },
    )
  })

  it('never does anything but read or refuse, whatever the bytes', () => {
    const archive = tarArchive([
      pax({ path: 'long' }),
      { name: 'a', body: 'x'.repeat(700) },
      { name: 'b', type: '2', link: 'a' },
    ])
    const change = fc.tuple(fc.nat(archive.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(archive.length), (changes, length) => {
        const damaged = Buffer.from(archive.subarray(0, length))
        for (const [at, byte] of changes) if (at < length) damaged[at] = byte
        try {
          read(damaged)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(?:LAYER_INVALID|LIMIT_EXCEEDED)$/) })
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('names', () => {
  const long = `${'directory/'.repeat(30)}file`

  it.each<[string, readonly TarMember[], string]>([
    ['ustar prefix', [{ name: 'status', prefix: 'var/lib/dpkg' }], 'var/lib/dpkg/status'],
    ['a name of 100 bytes', [{ name: 'n'.repeat(100) }], 'n'.repeat(100)],
    ['GNU long name', [{ name: '././@LongLink', type: 'L', body: `${long}\0` }, { name: 'x' }], long],
    ['GNU tar has no prefix', [{ name: 'name', prefix: 'garbage', magic: 'gnu' }], 'name'],
    ['v7', [{ name: 'name', magic: 'none' }], 'name'],
    [
      'star: a shorter prefix, then times',
      [{ name: 'name', prefix: `p${'\0'.repeat(130)}12345`, patch: new Map([[508, Buffer.from('tar\0')]]) }],
      'p/name',
    ],
    ['pax path', [pax({ path: long, comment: 'x' }), { name: 'x' }], long],
    [
      'pax path over GNU long name',
      [{ name: 'l', type: 'L', body: 'gnu' }, pax({ path: 'pax' }), { name: 'x' }],
      'pax',
    ],
    ['UTF-8', [{ name: 'größe/日本' }], 'größe/日本'],
    ['not UTF-8', [{ name: Buffer.from([0x61, 0xff, 0xe9]) }], 'aÿé'],
    ['leading ./', [{ name: './etc/passwd' }], 'etc/passwd'],
    ['leading /', [{ name: '//etc//passwd' }], 'etc/passwd'],
    ['.. inside', [{ name: 'a/b/../../c/./d' }], 'c/d'],
    ['.. beyond the root', [{ name: '../../../../tmp/x' }], 'tmp/x'],
    ['trailing slash', [{ name: 'directory/', type: '5' }], 'directory'],
  ])('%s', (_, members, expected) => {
    expect(names(members)).toEqual([expected])
  })

  it('ignores entries that are the root itself', () => {
    expect(names([{ name: '.' }, { name: './', type: '5' }, { name: '..' }, { name: '' }, { name: 'a/..' }])).toEqual(
      [],
    )
  })

  it('reads link targets: of symbolic links as written, of hard links as paths', () => {
    const members = [
      { name: 'a', type: '2', link: '../b//c' },
      { name: 'b', type: '1', link: './x/../c' },
      { name: '././@LongLink', type: 'K', body: `${long}\0` },
      { name: 'c', type: '2', link: 'cut' },
      pax({ linkpath: `/${long}` }),
      { name: 'd', type: '1', link: 'cut' },
    ]
    expect(read(tarArchive(members)).entries.map(({ linkTarget }) => linkTarget)).toEqual(['../b//c', 'c', long, long])
  })
})

describe('types and sizes', () => {
  it('gives bodies of files only', () => {
    const members: readonly TarMember[] = [
      { name: 'file', body: 'x' },
      { name: 'old', type: '\0', body: 'y' },
      { name: 'old-directory/', type: '\0' },
      { name: 'contiguous', type: '7', body: 'z' },
      { name: 'device', type: '3' },
      { name: 'fifo', type: '6' },
      { name: 'unknown', type: 'Z', body: 'not seen' },
      { name: 'dump', type: 'D', body: 'Yfile\0\0' },
      { name: 'label', type: 'V' },
      { name: 'global', type: 'g', body: '12 path=no\n' },
      { name: 'last', body: 'last' },
    ]
    const entries = read(tarArchive(members)).entries.map(({ path, type, body }) => [path, type, body?.toString()])
    expect(entries).toEqual([
      ['file', 'file', 'x'],
      ['old', 'file', 'y'],
      ['old-directory', 'directory', undefined],
      ['contiguous', 'file', 'z'],
      ['device', 'other', undefined],
      ['fifo', 'other', undefined],
      ['unknown', 'other', undefined],
      ['dump', 'directory', undefined],
      ['last', 'file', 'last'],
    ])
  })

  it('ignores the size of what has no body', () => {
    const members = [
      { name: 'a', type: '5', size: 4096 },
      { name: 'b', type: '1', link: 'x', size: 99 },
      { name: 'c', body: 'c' },
    ]
    expect(names(members)).toEqual(['a', 'b', 'c'])
  })

  it('reads sizes in base 256 and of pax, and passes over negative times', () => {
    const members = [
      { name: 'a', size: base256(3n), body: 'abc', mtime: base256(-1n) },
      pax({ size: '4', mtime: '-1.5' }),
      { name: 'b', size: 0, body: 'abcd' },
    ]
    expect(read(tarArchive(members)).entries).toEqual([file('a', 'abc'), file('b', 'abcd')])
  })

  it.each([
    ['beyond 2^53', base256(1n << 62n)],
    ['negative', base256(-5n)],
    ['no number', Buffer.from('12x45678901\0')],
  ])('refuses a size that is %s', (_, size) => {
    expect(() => read(tarArchive([{ name: 'x', size }]))).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
  })

  it('allocates nothing from a claimed size', () => {
    const before = process.memoryUsage().arrayBuffers
    const archive = tarArchive([{ name: 'x', size: base256(1n << 50n), body: 'little' }])
    expect(() => read(archive)).toThrow(/truncated/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20)
  })

  it('accepts checksums of signed bytes', () => {
    expect(names([{ name: Buffer.from('größe'), checksum: 'signed' }])).toEqual(['größe'])
  })
})

describe('the end', () => {
  const one = tarArchive([{ name: 'a', body: 'x'.repeat(600) }], false)

  it.each([
    ['two zero blocks', Buffer.concat([one, Buffer.alloc(1024)]), false],
    ['no zero block', one, false],
    ['one zero block', Buffer.concat([one, Buffer.alloc(512)]), false],
    ['a padded record', Buffer.concat([one, Buffer.alloc(10240)]), false],
    ['missing padding', one.subarray(0, 512 + 600), false],
    ['a second archive', Buffer.concat([one, Buffer.alloc(1024), one]), true],
    ['a few odd bytes', Buffer.concat([one, Buffer.alloc(1024), Buffer.from('\0\0x')]), true],
  ])('%s', (_, archive, trailing) => {
    for (const step of [1, 511, 512, 4096]) {
      expect(read(archive, step)).toMatchObject({ entries: [{ path: 'a', size: 600 }], trailing })
    }
  })

  it('has nothing in it where there is nothing', () => {
    expect(read(Buffer.alloc(0)).entries).toEqual([])
    expect(read(Buffer.alloc(1024)).entries).toEqual([])
  })

  it.each([
    ['cut in a header', one.subarray(0, 300)],
    ['cut in a body', one.subarray(0, 1000)],
    ['cut behind a pax header', tarArchive([pax({ path: 'x' })], false)],
    ['text', Buffer.from('this is not a tar archive\n'.repeat(100))],
    ['a wrong checksum', tarArchive([{ name: 'x', checksum: 'wrong' }])],
    ['a zero block between members', Buffer.concat([one, Buffer.alloc(512), one])],
    ['a malformed pax record', tarArchive([{ name: 'p', type: 'x', body: '99 path=x\n' }, { name: 'x' }])],
    ['a NUL in a pax path', tarArchive([pax({ path: 'a\0b' }), { name: 'x' }])],
    ['an odd size of pax', tarArchive([pax({ size: '-1' }), { name: 'x' }])],
  ])('refuses %s', (_, archive) => {
    expect(() => read(archive)).toThrow(expect.objectContaining({ code: 'LAYER_INVALID', where: 'test.tar' }))
  })
})

describe('limits', () => {
  it.each([
    ['pax header', [{ name: 'p', type: 'x', body: Buffer.alloc(limits.tarHeaderBytes + 1) }]],
    ['GNU long name', [{ name: 'p', type: 'L', size: limits.tarHeaderBytes + 1 }]],
    ['path', [pax({ path: 'x'.repeat(limits.pathBytes + 1) }), { name: 'x' }]],
    ['link target', [pax({ linkpath: 'x'.repeat(limits.pathBytes + 1) }), { name: 'x', type: '2' }]],
    ['depth', [pax({ path: 'a/'.repeat(limits.pathDepth + 1) }), { name: 'x' }]],
  ] as const)('%s', (_, members) => {
    expect(() => read(tarArchive(members))).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })

  it('entries', () => {
    const walker = new TarWalker(
      'test.tar',
      () => 'skip',
      () => {},
    )
    const many = Buffer.concat(Array.from({ length: 1000 }, () => tarHeader({ name: 'x' })))
    const push = () => {
      for (let count = 0; count <= limits.layerEntries; count += 1000) walker.push(many)
    }
    expect(push).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })

  it('a sparse file', () => {
    const size = String(limits.wantedBytes + 1)
    const members = [pax({ 'GNU.sparse.map': '', 'GNU.sparse.size': size }), { name: 'x' }]
    expect(() => read(tarArchive(members))).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })

  it('the map of a sparse file', () => {
    const extension = Buffer.alloc(512)
    for (let entry = 0; entry < 42; entry++) extension.write('00000000001\0', entry * 12)
    extension[504] = 1
    const header = tarHeader({ name: 'x', type: 'S', magic: 'gnu', patch: new Map([[482, Buffer.from([1])]]) })
    const archive = Buffer.concat([header, ...Array.from({ length: 5000 }, () => extension)])
    expect(() => read(archive)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  })
})

const gnuTar = (() => {
  try {
    return execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar')
  } catch {
    return false
  }
})()

describe.skipIf(!gnuTar)('sparse files, written by GNU tar', () => {
  const formats = [
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.0'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ]

  it.each(formats)('%s %s', (...options) => {
    const folder = mkdtempSync(join(tmpdir(), 'chiaro-sparse-'))
    try {
      // Far more pieces than fit into one header.
      const pieces = Buffer.alloc(4096 * 64)
      for (let piece = 0; piece < 64; piece += 2) pieces.write(`piece ${piece}`, piece * 4096)
      writeFileSync(join(folder, 'sparse'), pieces)
      truncateSync(join(folder, 'sparse'), 4096 * 100)
      writeFileSync(join(folder, 'next'), 'next')
      const args = [
        '--sparse',
        '--hole-detection=raw',
        '-c',
        '-C',
        folder,
        ...options.filter(Boolean),
        'sparse',
        'next',
      ]
      const archive = execFileSync('tar', args, { maxBuffer: 1 << 26 })
      expect(archive.length).toBeLessThan(4096 * 64)
      for (const step of [1000, 65536]) {
        const [sparse, next] = read(archive, step).entries
        expect(sparse).toMatchObject({ path: 'sparse', type: 'file', size: 4096 * 100 })
        expect(sparse!.body!.equals(Buffer.concat([pieces, Buffer.alloc(4096 * 36)]))).toBe(true)
        expect(next).toEqual(file('next', 'next'))
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('sparse files that are wrong', () => {
  it.each<[string, readonly TarMember[]]>([
    [
      'a map beyond the size',
      [pax({ 'GNU.sparse.map': '0,9', 'GNU.sparse.size': '5' }), { name: 'x', body: '123456789' }],
    ],
    ['a map for other data', [pax({ 'GNU.sparse.map': '0,4', 'GNU.sparse.size': '5' }), { name: 'x', body: '12345' }]],
    ['pieces out of order', [pax({ 'GNU.sparse.map': '4,1,0,1', 'GNU.sparse.size': '5' }), { name: 'x', body: '12' }]],
    ['half a piece', [pax({ 'GNU.sparse.map': '1', 'GNU.sparse.size': '5' }), { name: 'x' }]],
    ['no map in front', [pax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '5' }), { name: 'x', body: 'abc' }]],
    [
      'an untrue count in front',
      [pax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '5' }), { name: 'x', body: '99999999999\n' }],
    ],
  ])('%s', (_, members) => {
    expect(() => read(tarArchive(members))).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
  })
})

describe('listTar', () => {
  const list = async (archive: Buffer) => {
    const folder = mkdtempSync(join(tmpdir(), 'chiaro-list-'))
    try {
      writeFileSync(join(folder, 'x.tar'), archive)
      return await gather(listTar(join(folder, 'x.tar'), new AbortController().signal))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it('says where the bodies are, without reading them', async () => {
    const large = 'x'.repeat(300_000)
    const archive = tarArchive([
      { name: 'a', body: large },
      pax({ path: 'long' }),
      { name: 'b', body: 'body' },
      { name: 'c', type: '5' },
    ])
    const found = await list(archive)
    expect(found.map(({ path, size }) => [path, size])).toEqual([
      ['a', 300_000],
      ['long', 4],
      ['c', 0],
    ])
    expect(archive.toString('latin1', found[1]!.offset, found[1]!.offset + 4)).toBe('body')
    expect(found[0]!.offset).toBe(512)
  })

  it('says that a sparse body is not the file', async () => {
    const archive = tarArchive([pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '5' }), { name: 'x', body: '1' }])
    expect(await list(archive)).toMatchObject([{ path: 'x', type: 'other' }])
  })

  it.each([
    [
      'cut in a body that is passed over',
      tarArchive([{ name: 'a', body: 'x'.repeat(300_000) }], false).subarray(0, 200_000),
    ],
    ['cut in a header', tarArchive([{ name: 'a' }], false).subarray(0, 100)],
    ['text', Buffer.from('text'.repeat(1000))],
  ])('refuses an archive that is %s', async (_, archive) => {
    await expect(list(archive)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  })

  it('names a file that is not there, and stops when told to', async () => {
    const { signal } = new AbortController()
    await expect(gather(listTar('/nonexistent/x.tar', signal))).rejects.toMatchObject({ code: 'FILE_FAILED' })
    const self = import.meta.filename
    await expect(gather(listTar(self, AbortSignal.abort()))).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
