import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { getPackages, getPackagesNdb, getPackagesSqlite } from '@snyk/rpm-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../core/limits.ts'
import type { Observation, Package } from '../../core/package.ts'
import { rpmdb } from './index.ts'

/** The other reader knows no big endian databases. */
const databases = [
  { file: 'Packages', oracle: getPackages },
  { file: 'Packages.big-endian', oracle: async () => getPackages(load('Packages')) },
  { file: 'Packages.db', oracle: getPackagesNdb },
  { file: 'rpmdb.sqlite', oracle: getPackagesSqlite },
]

const load = (file: string) => gunzipSync(readFileSync(new URL(`testdata/${file}.gz`, import.meta.url)))

function analyze(bytes: Buffer, path = 'var/lib/rpm/Packages'): { packages: Package[]; gaps: string[] } {
  const observations: Observation[] = [...rpmdb.analyze({ path, bytes })]
  return {
    packages: observations.flatMap((seen) => (seen.kind === 'package' ? [seen.package] : [])),
    gaps: observations.flatMap((seen) => (seen.kind === 'gap' ? [`${seen.code}: ${seen.detail}`] : [])),
  }
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

describe.each(databases)('$file', ({ file, oracle }) => {
  const bytes = load(file)

  it('gives its packages, and no key', () => {
    const { packages, gaps } = analyze(bytes)
    const own = { type: 'rpm', arch: 'noarch', version: '1.0-1', source: { name: 'plain-src', version: '1.0-1' } }
    expect(packages.sort(byName)).toEqual([
      { ...own, name: 'epoch', version: '2:3.0~rc1-4.el9_2.1', source: { name: 'plain-src', version: '2:1.0-1' } },
      { ...own, name: 'epoch-zero' },
      { ...own, name: 'large' },
      { ...own, name: 'module', module: 'nodejs:18' },
      { ...own, name: 'plain' },
    ])
    expect(gaps).toEqual([])
  })

  it('agrees with another reader', async () => {
    const { response } = await oracle(bytes)
    const theirs = response.map(({ name, epoch, version, release, arch }) => ({
      name,
      version: `${epoch ? `${epoch}:` : ''}${version}-${release}`,
      arch,
    }))
    const ours = analyze(bytes).packages.map(({ name, version, arch }) => ({ name, version, arch }))
    expect(ours.sort(byName)).toEqual(theirs.filter(({ name }) => name !== 'gpg-pubkey').sort(byName))
  })

  const expectHonest = (damaged: Buffer) => {
    const started = performance.now()
    const { packages, gaps } = analyze(damaged)
    if (gaps.length === 0) expect(packages.length).toBeGreaterThanOrEqual(5)
    expect(performance.now() - started).toBeLessThan(1000)
  }

  it('is never silently less when it is cut off', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length), (length) => expectHonest(bytes.subarray(0, length))),
      { numRuns: 500, seed: 1 },
    )
  })

  it('is never silently less when bytes are overwritten', () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const damaged = Buffer.from(bytes)
        for (const [at, bits] of changes) damaged[at]! ^= bits
        expectHonest(damaged)
      }),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('keeps the rest when a page is lost', () => {
    const whole = analyze(bytes).packages
    const kept = new Set<number>()
    for (let page = 4096; page < bytes.length; page += 4096) {
      const { packages, gaps } = analyze(Buffer.from(bytes).fill(0xff, page, Math.min(page + 4096, bytes.length)))
      expect(whole).toEqual(expect.arrayContaining(packages))
      if (packages.length < whole.length) expect(gaps).not.toEqual([])
      kept.add(packages.length)
    }
    expect([...kept].some((count) => count > 0 && count < whole.length)).toBe(true)
  })
})

describe('paths', () => {
  it.each([
    'var/lib/rpm/Packages',
    'var/lib/rpm/rpmdb.sqlite',
    'var/lib/rpm/rpmdb.sqlite-wal',
    'usr/lib/sysimage/rpm/Packages.db',
    'usr/share/rpm/rpmdb.sqlite',
    'some/root/var/lib/rpm/Packages',
    'var/lib/rpmmanifest/container-manifest-2',
  ])('wants %s', (path) => expect(rpmdb.wants(path)).toBe(true))

  it.each([
    'var/lib/rpm/Basenames',
    'var/lib/rpm/rpmdb.sqlite-shm',
    'var/lib/dnf/Packages',
    'home/rpm/Packages',
    'xvar/lib/rpm/Packages',
    'Packages',
    '',
  ])('does not want %s', (path) => expect(rpmdb.wants(path)).toBe(false))
})

/** Where a hash page says how large the header of `large` is: behind the page that the header begins on. */
function offPageSizeAt(bytes: Buffer): number {
  const first = Math.floor(bytes.indexOf('large\0') / 4096)
  const pointer = Buffer.alloc(4)
  pointer.writeUInt32LE(first)
  for (let at = 4096; ; at += 1) {
    at = bytes.indexOf(pointer, at)
    if (bytes[Math.floor(at / 4096) * 4096 + 25] === 13 && bytes[at - 4] === 3) return at + 4
  }
}

describe('what cannot be read', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1 << 20)],
    ['text', Buffer.from('no database '.repeat(100))],
  ])('%s is a gap', (_, bytes) => {
    expect(analyze(bytes).gaps).toEqual(['database-unreadable: It is no database of a format that rpm has.'])
  })

  it('is a gap if changes are in a write-ahead log', () => {
    expect(analyze(Buffer.alloc(32), 'var/lib/rpm/rpmdb.sqlite-wal').gaps).toHaveLength(1)
    expect(analyze(Buffer.alloc(0), 'var/lib/rpm/rpmdb.sqlite-wal').gaps).toEqual([])
  })

  it('is given up after many gaps', () => {
    const bytes = Buffer.alloc(512 * 4096, 0xff)
    load('Packages').copy(bytes, 0, 0, 512)
    bytes.writeUInt32LE(512, 20)
    const { gaps } = analyze(bytes)
    expect(gaps).toHaveLength(limits.databaseGaps + 1)
    expect(gaps.at(-1)).toContain('the rest was not read')
  })

  it('is a header larger than the limit', () => {
    const bytes = Buffer.concat([load('Packages'), Buffer.alloc(limits.rpmHeaderBytes)])
    const size = bytes.subarray(0, load('Packages').length).readUInt32LE(offPageSizeAt(bytes))
    expect(size).toBeGreaterThan(4096)
    bytes.writeUInt32LE(limits.rpmHeaderBytes + 1, offPageSizeAt(bytes))
    const { packages, gaps } = analyze(bytes)
    expect(packages).toHaveLength(4)
    expect(gaps[0]).toContain(`it says that it has ${limits.rpmHeaderBytes + 1} bytes`)
  })

  it('costs no more than the file is large, whatever it says', () => {
    const bytes = Buffer.concat([load('Packages.db').subarray(0, 32), Buffer.alloc(4 << 20)])
    bytes.writeUInt32LE(256, 12)
    for (let at = 32; at < 1 << 20; at += 16) {
      bytes.write('Slot', at)
      bytes.writeUInt32LE(1, at + 4)
      bytes.writeUInt32LE((2 << 20) / 16, at + 8)
      bytes.writeUInt32LE((2 << 20) / 16, at + 12)
    }
    const started = performance.now()
    expect(analyze(bytes).gaps.at(-1)).toContain('overlap')
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('the manifest of images without rpm', () => {
  const path = 'var/lib/rpmmanifest/container-manifest-2'
  const line = (...fields: string[]) => Buffer.from(`${fields.join('\t')}\n`)
  const openssl = ['openssl', '1.1.1k-21.cm2', '1653816591', '1653628955', 'Sample', '(none)', '10', 'x86_64']

  it('gives its packages', () => {
    const bytes = Buffer.concat([
      line(...openssl, '0', 'openssl-1.1.1k-21.cm2.src.rpm'),
      line('libx', '3.0-8', '1', '1', '(none)', '1', '10', 'noarch', '1', 'x-3.0-8.src.rpm'),
    ])
    expect(analyze(bytes, path)).toEqual({
      packages: [
        {
          type: 'rpm',
          name: 'openssl',
          version: '1.1.1k-21.cm2',
          arch: 'x86_64',
          source: { name: 'openssl', version: '1.1.1k-21.cm2' },
          vendor: 'Sample',
        },
        { type: 'rpm', name: 'libx', version: '1:3.0-8', arch: 'noarch', source: { name: 'x', version: '1:3.0-8' } },
      ],
      gaps: [],
    })
  })

  it('keeps the rest when a line cannot be read', () => {
    const bytes = Buffer.concat([
      line('short'),
      Buffer.from(`${'x'.repeat(limits.packageFieldBytes + 1)}\n`),
      line(...openssl, '0', 'openssl-1.1.1k-21.cm2.src.rpm'),
    ])
    const { packages, gaps } = analyze(bytes, path)
    expect(packages.map(({ name }) => name)).toEqual(['openssl'])
    expect(gaps).toEqual([
      'database-unreadable: Line 1 is not that of a package.',
      'database-unreadable: Line 2 is too long.',
    ])
  })
})
