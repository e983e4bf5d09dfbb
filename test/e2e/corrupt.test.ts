import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ChiaroError, type ErrorCode, scan, update } from '../../src/index.ts'
import { openStore } from '../../src/store/open.ts'
import { type CommandResult, chiaro } from '../support/command.ts'
import { feeds } from '../support/corpus.ts'
import { debianFiles } from '../support/debian-mirror.ts'
import { digestOf, tarOf } from '../support/layout.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-corrupt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const temporary = join(folder, 'tmp')
mkdirSync(temporary)
beforeAll(() => void vi.stubEnv('TMPDIR', temporary))
afterAll(() => void vi.unstubAllEnvs())
afterEach(() => expect(readdirSync(temporary), 'leaves no file').toEqual([]))

/** The error has this code, says where, and what to do. */
async function expectError(work: Promise<unknown>, code: ErrorCode, where: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error, String(error)).toMatchObject({ code, where: expect.stringContaining(where) })
  expect((error as ChiaroError).advice, String(error)).toMatch(/\w.*\.$/)
}

/** The command says the same on standard error, and exits with 2. */
function expectTold({ code, stdout, stderr }: CommandResult, errorCode: ErrorCode, where: string): void {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(new RegExp(`^error ${errorCode}: .+\\n {2}where: .+\\n {2}what to do: .+\\n$`, 's'))
  expect(stderr).toContain(where)
}

describe('damaged feeds', () => {
  const example = (path: string) => readFileSync(join(root, 'examples', 'feeds', path))
  const oval = readFileSync(join(root, 'src/ecosystems/ubuntu/testdata/focal.oval.xml'), 'utf8')
  const tracker = 'security-tracker.debian.org/tracker/data/json'
  const branch = 'secdb.alpinelinux.org/v3.22/main.json'
  const documents: Readonly<Record<string, readonly [path: string, content: Buffer]>> = {
    debian: [tracker, example(tracker)],
    'alpine-3.22-main': [branch, example(branch)],
    'ubuntu-focal': [
      'security-metadata.canonical.com/oval/com.ubuntu.focal.cve.oval.xml.bz2',
      // without the definition that is damaged on purpose
      Buffer.from(oval.replace(/<definition [^>]*def:20990002.*?<\/definition>/s, '')),
    ],
  }
  const ids = Object.keys(documents)
  const database = join(folder, 'feeds.db')
  const mirror = join(folder, 'mirror')

  function writeFile(path: string, content: Buffer | string): void {
    mkdirSync(dirname(join(mirror, path)), { recursive: true })
    writeFileSync(join(mirror, path), content)
  }

  function writeMirror(damage: (content: Buffer) => Buffer): void {
    for (const [path, content] of Object.values(documents)) writeFile(path, damage(content))
  }

  async function state(): Promise<unknown> {
    await using store = await openStore(database, {})
    expect(await store.verify()).toEqual([])
    const feeds = await store.advisories.status()
    return feeds.map(({ feed, generation, records, gaps, fingerprint }) => ({
      feed,
      generation,
      records,
      gaps,
      fingerprint,
    }))
  }

  const updated = async () =>
    (await update(ids, { mirror, offline: true, database })).filter(({ feed }) => feed in documents)
  let good: unknown
  beforeAll(async () => {
    for (const [path, content] of Object.entries(debianFiles(''))) writeFile(path, content)
    writeMirror((content) => content)
    expect((await updated()).map(({ outcome }) => outcome)).toEqual(['imported', 'imported', 'imported'])
    good = await state()
  })

  const cut = (share: number) => (content: Buffer) => content.subarray(0, Math.floor(content.length * share))
  const flipped = (compressed: Buffer, fromEnd: number) => {
    const damaged = Buffer.from(compressed)
    damaged[damaged.length - fromEnd]! ^= 0xff
    return damaged
  }

  it.each<[string, (content: Buffer) => Buffer]>([
    ['nothing at all', () => Buffer.alloc(0)],
    ['the first byte', (content) => content.subarray(0, 1)],
    ['the first tenth', cut(0.1)],
    ['the first half', cut(0.5)],
    ['all but the last bytes', (content) => content.subarray(0, content.toString('latin1').trimEnd().length - 1)],
    ['half of it compressed', (content) => cut(0.5)(gzipSync(content))],
    ['all of it compressed, but the checksum', (content) => gzipSync(content).subarray(0, -8)],
    ['a wrong checksum', (content) => flipped(gzipSync(content), 8)],
    ['a wrong length', (content) => flipped(gzipSync(content), 1)],
    ['flipped bits in zstd', (content) => flipped(zstdCompressSync(content, { params: { 201: 1 } }), 1)],
    ['a page of a proxy', () => Buffer.from('<!DOCTYPE html>\n<html><body>Please log in</body></html>')],
    ['a message as text', () => Buffer.from('503 Service Unavailable\n')],
    ['zeros', (content) => Buffer.alloc(content.length)],
    ['another JSON document', () => Buffer.from('{"error": "not found"}')],
    ['an unknown compression', (content) => Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), content])],
  ])('%s is refused, and the last good data stays', async (_, damage) => {
    writeMirror(damage)
    const outcomes = await updated()
    expect(outcomes.map(({ feed }) => feed).sort()).toEqual(ids.toSorted())
    for (const { feed, outcome, error } of outcomes) {
      expect({ feed, outcome, code: error?.code }).toEqual({ feed, outcome: 'failed', code: 'FEED_FAILED' })
      expect(error!.message).toContain(documents[feed]![0])
    }
    expect(await state()).toEqual(good)
  })

  it.skipIf(feeds === undefined).each([
    ['cut', (content: Buffer) => cut(0.6)(content)],
    ['with a flipped byte', (content: Buffer) => flipped(content, content.length >> 1)],
    ['with a wrong checksum', (content: Buffer) => flipped(content, 3)],
  ])('a real document in bzip2, %s, is refused (skipped without CHIARO_FEEDS)', async (_, damage) => {
    const [path] = documents['ubuntu-focal']!
    writeFileSync(join(mirror, path), damage(readFileSync(join(feeds!, path))))
    const [outcome] = await update(['ubuntu-focal'], { mirror, offline: true, database })
    expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'FEED_FAILED' } })
    expect(await state()).toEqual(good)
  })

  it('the command names each of them, and what is wrong', async () => {
    writeMirror(cut(0.5))
    const args = ['update', ...ids, '--mirror', mirror, '--offline', '--db', database]
    const { code, stdout, stderr } = await chiaro(args, { env: { TMPDIR: temporary } })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    for (const [id, [path]] of Object.entries(documents)) {
      expect(stdout).toMatch(new RegExp(`^${id} +failed`, 'm'))
      expect(stdout).toMatch(new RegExp(`^FEED_FAILED: ${id}$`, 'm'))
      expect(stdout.replaceAll(/\s+/g, '')).toContain(path)
    }
    expect(await state()).toEqual(good)
  })
})

describe('damaged databases', () => {
  const sound = join(folder, 'sound.db')
  const image = `oci-layout:${join(root, 'examples', 'image')}:debian`
  const sources = { mirror: join(root, 'examples', 'feeds'), offline: true }
  beforeAll(async () => {
    expect((await scan(image, { ...sources, database: sound })).findings.length).toBeGreaterThan(0)
  })

  const kinds: readonly (readonly [string, (file: string) => void])[] = [
    ['the first page', (file) => writeFileSync(file, readFileSync(sound).subarray(0, 4096))],
    ['the first half', (file) => writeFileSync(file, readFileSync(sound).subarray(0, readFileSync(sound).length >> 1))],
    ['some bytes', (file) => writeFileSync(file, readFileSync(sound).subarray(0, 50))],
    ['garbage', (file) => writeFileSync(file, 'this is no database\n'.repeat(1000))],
    ['zeros', (file) => writeFileSync(file, Buffer.alloc(65_536))],
    ['an archive', (file) => writeFileSync(file, gzipSync(readFileSync(sound)))],
    ["another application's", writeForeign],
  ]

  function writeForeign(file: string): void {
    const other = new DatabaseSync(file)
    other.exec('PRAGMA application_id = 252006673; CREATE TABLE places (url TEXT); INSERT INTO places VALUES (1)')
    other.close()
  }

  it.each(kinds)('%s: nothing goes on with it, and nothing touches it', async (name, write) => {
    const file = join(folder, `${name.replaceAll(/\W/g, '-')}.db`)
    write(file)
    const before = readFileSync(file)
    const options = { ...sources, database: file }
    await expectError(scan(image, options), 'DATABASE_FAILED', file)
    await expectError(update(['debian'], options), 'DATABASE_FAILED', file)
    expectTold(await chiaro(['data', 'verify', '--db', file], { env: { TMPDIR: temporary } }), 'DATABASE_FAILED', file)
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(readdirSync(folder).filter((other) => join(folder, other).startsWith(file))).toHaveLength(1)
  })
})

describe('damaged archives', () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const archives = new Map<string, Buffer>()
  beforeAll(async () => {
    const layer = await tarOf({
      'etc/os-release': 'ID=debian\nVERSION_ID=12\n',
      'var/lib/dpkg/status': '',
      x: 'x'.repeat(9000),
    })
    const config = Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }))
    const list = JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }])
    archives.set('docker-archive', await tarOf({ 'c.json': config, 'manifest.json': list, 'l.tar': layer }))
    const descriptor = (mediaType: string, bytes: Buffer) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: descriptor('application/vnd.oci.image.config.v1+json', config),
        layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
      }),
    )
    const blob = (bytes: Buffer) => `blobs/${digestOf(bytes).replace(':', '/')}`
    const index = JSON.stringify({ schemaVersion: 2, manifests: [descriptor(mediaType, manifest)] })
    const documents = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': index }
    archives.set(
      'oci-archive',
      await tarOf({ ...documents, [blob(config)]: config, [blob(manifest)]: manifest, [blob(layer)]: layer }),
    )
  })

  const scanned = (reference: string) => scan(reference, { offline: true, database: join(folder, 'archives.db') })
  const write = (name: string, bytes: Buffer) => {
    const file = join(folder, name)
    writeFileSync(file, bytes)
    return file
  }

  describe.each(['docker-archive', 'oci-archive'])('%s', (kind) => {
    it('is read when it is whole, compressed or not', async () => {
      const whole = archives.get(kind)!
      for (const [name, bytes] of [
        ['whole.tar', whole],
        ['whole.tar.gz', gzipSync(whole)],
      ] as const) {
        const file = write(name, bytes)
        for (const reference of [`${kind}:${file}`, file]) expect((await scanned(reference)).release?.id).toBe('debian')
      }
    })

    it.each([0.02, 0.2, 0.5, 0.9])('cut after %f of it', async (share) => {
      const whole = archives.get(kind)!
      const cut = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * share))
      const file = write('cut.tar', cut(whole))
      await expectError(scanned(`${kind}:${file}`), 'ARCHIVE_INVALID', file)
      const compressed = write('cut.tar.gz', cut(gzipSync(whole)))
      await expectError(scanned(`${kind}:${compressed}`), 'ARCHIVE_INVALID', compressed)
    })

    it.each<[string, () => Buffer | Promise<Buffer>]>([
      ['a tar that is no image', () => tarOf({ 'etc/passwd': 'root', 'var/lib/dpkg/status': '' })],
      ['an empty tar', () => Buffer.alloc(10_240)],
      ['a zip file', () => Buffer.from('UEsDBAoAAAAAAGFhYVgAAAAAAAAAAAAAAAAFAAAAaGVsbG8=', 'base64')],
      ['a text', () => Buffer.from('hello\n'.repeat(1000))],
      ['an empty file', () => Buffer.alloc(0)],
      ['garbage in gzip', () => gzipSync(Buffer.alloc(5000, 'garbage'))],
    ])('%s', async (name, make) => {
      const file = write(`${name.replaceAll(' ', '-')}.tar`, await make())
      await expectError(scanned(`${kind}:${file}`), 'ARCHIVE_INVALID', file)
      await expectError(scanned(file), 'ARCHIVE_INVALID', file)
    })
  })
})

describe('members that point outside', () => {
  it('are not followed and not written', async () => {
    const outside = join(folder, 'outside')
    const layer = await tarOf({ [`../../../../../../..${outside}`]: 'x', 'etc/os-release': '-> /etc/hostname' })
    const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [digestOf(layer)] } })
    const list = JSON.stringify([{ Config: `../../../../../..${outside}`, RepoTags: ['x:1'], Layers: ['l.tar'] }])
    const file = join(folder, 'pointing.tar')
    writeFileSync(file, await tarOf({ 'c.json': config, 'manifest.json': list, 'l.tar': layer }))
    const args = ['scan', `docker-archive:${file}`, '--offline', '--db', join(folder, 'pointing.db')]
    expectTold(await chiaro(args, { env: { TMPDIR: temporary } }), 'ARCHIVE_INVALID', file)
    expect(existsSync(outside)).toBe(false)
  })
})
