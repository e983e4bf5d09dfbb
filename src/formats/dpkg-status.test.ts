import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../core/limits.ts'
import type { Observation } from '../core/package.ts'
import { dpkgStatus } from './dpkg-status.ts'

const analyze = (content: string | Buffer): Observation[] => [
  ...dpkgStatus.analyze({ path: 'var/lib/dpkg/status', bytes: Buffer.from(content) }),
]

/** `name version arch source sourceVersion`, or the detail of a gap. */
const summary = (content: string | Buffer) =>
  analyze(content).map((seen) => {
    if (seen.kind !== 'package') return seen.kind === 'gap' ? `${seen.code}: ${seen.detail}` : seen.kind
    const { name, version, arch, source } = seen.package
    return [name, version, arch, source.name, source.version].join(' ')
  })

const stanza = (fields: Record<string, string>) =>
  `${Object.entries({ Package: 'a', Status: 'install ok installed', Architecture: 'amd64', Version: '1-1', ...fields })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')}\n`

it('reads name, version, architecture and source', () => {
  const status =
    'Package: libc6\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nMulti-Arch: same\n' +
    'Source: glibc\nVersion: 2.36-9+deb12u10\nConffiles:\n /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab\n' +
    'Description: GNU C Library: Shared libraries\n Version: this is text.\n .\n Package: so is this.\n\n' +
    'Package: bsdutils\nSource: util-linux (2.38.1-5+deb12u3)\nVersion: 1:2.38.1-5+deb12u3\nArchitecture: amd64\nStatus: install ok installed\n'
  expect(summary(status)).toEqual([
    'libc6 2.36-9+deb12u10 amd64 glibc 2.36-9+deb12u10',
    'bsdutils 1:2.38.1-5+deb12u3 amd64 util-linux 2.38.1-5+deb12u3',
  ])
})

it.each([
  ['install ok installed', true],
  ['hold ok installed', true],
  ['install ok half-configured', true],
  ['install reinstreq half-installed', true],
  ['install ok unpacked', true],
  ['install ok triggers-awaited', true],
  ['install ok triggers-pending', true],
  ['deinstall ok installed', true],
  ['install ok some-future-state', true],
  ['deinstall ok config-files', false],
  ['Deinstall OK Config-Files', false],
  ['purge ok not-installed', false],
  ['unknown ok not-installed', false],
])('Status: %s counts: %s', (status, counts) => {
  expect(summary(stanza({ Status: status }))).toHaveLength(counts ? 1 : 0)
})

it('counts what has no status, as in distroless images', () => {
  expect(summary('Package: base-files\nVersion: 12.4\nArchitecture: amd64')).toEqual([
    'base-files 12.4 amd64 base-files 12.4',
  ])
})

it('keeps packages of several architectures apart', () => {
  expect(summary(stanza({}) + stanza({ Architecture: 'i386' }))).toEqual(['a 1-1 amd64 a 1-1', 'a 1-1 i386 a 1-1'])
})

it('takes field names in any case, CRLF, blanks, and a missing end of line', () => {
  expect(summary('PACKAGE:a\r\nvErSiOn: \t1-1 \r\narchitecture:  all\r\n\r\n\r\npackage: b\r\nversion: 2')).toEqual([
    'a 1-1 all a 1-1',
    'b 2  b 2',
  ])
})

it.each([
  ['libfoo (1.0)', 'libfoo 1.0'],
  ['libfoo', 'libfoo 1-1'],
  ['libfoo(1.0)', 'libfoo 1.0'],
  ['libfoo (1.0', 'libfoo 1.0'],
  ['libfoo ()', 'libfoo 1-1'],
  ['', 'a 1-1'],
])('Source: %s', (source, expected) => {
  expect(summary(stanza({ Source: source }))).toEqual([`a 1-1 amd64 ${expected}`])
})

it('keeps the rest when an entry lacks a field', () => {
  const status = `${stanza({ Version: '' })}${stanza({})}Version: 3\n\n${stanza({ Package: 'z' })}`
  expect(summary(status)).toEqual([
    'database-unreadable: The entry at line 1 (a) has no Version.',
    'a 1-1 amd64 a 1-1',
    'database-unreadable: The entry at line 11 has no Package.',
    'z 1-1 amd64 z 1-1',
  ])
})

it('tells who made what is not of the distribution', () => {
  const status =
    stanza({ Maintainer: 'Docker <support@docker.com>' }) +
    stanza({ Package: 'b', Maintainer: 'APT Development Team <deity@lists.debian.org>' }) +
    stanza({ Package: 'c', Maintainer: 'A Person <person@sample.example>', Vendor: 'Sample' })
  const vendors = analyze(status).map((seen) => seen.kind === 'package' && seen.package.vendor)
  expect(vendors).toEqual(['Docker', undefined, 'Sample'])
})

it('does not miss a field in an entry that does not count', () => {
  expect(summary('Package: a\nStatus: purge ok not-installed\n')).toEqual([])
})

it('holds back a field that is too long', () => {
  const status = stanza({ Version: '1'.repeat(limits.packageFieldBytes + 1) }) + stanza({ Package: 'b' })
  expect(summary(status)).toEqual([
    'database-unreadable: The entry at line 1 (a) has a Version that is too long.',
    'b 1-1 amd64 b 1-1',
  ])
})

it('shows control characters, and does not pass them on to terminals', () => {
  expect(summary('Package: a\u001b[31m\n')).toEqual([
    'database-unreadable: The entry at line 1 (a\\u001b[31m) has no Version.',
  ])
})

describe('bounds', () => {
  const timed = (bytes: Buffer) => {
    const started = performance.now()
    const observations = analyze(bytes)
    return { observations, time: performance.now() - started }
  }

  it('ends after too many packages', () => {
    const { observations } = timed(Buffer.from('Package: a\nVersion: 1\n\n'.repeat(limits.packages + 2)))
    expect(observations).toHaveLength(limits.packages + 1)
    expect(observations.at(-1)).toMatchObject({ kind: 'gap', code: 'database-unreadable' })
  })

  it('ends after too many gaps', () => {
    const { observations } = timed(Buffer.from('Package: a\n\n'.repeat(limits.databaseGaps + 2)))
    expect(observations).toHaveLength(limits.databaseGaps + 1)
  })

  it.each([
    ['zeros', Buffer.alloc(limits.packageDatabaseBytes)],
    ['line feeds', Buffer.alloc(limits.packageDatabaseBytes, '\n')],
    ['short lines', Buffer.alloc(limits.packageDatabaseBytes, 'P\n')],
    ['one long line', Buffer.alloc(limits.packageDatabaseBytes, 'Package: ')],
  ])('reads %s in bounded time', (_, bytes) => {
    expect(timed(bytes).time).toBeLessThan(10_000)
  })

  it('reads past a line of 32 MiB', () => {
    const description = `Description: ${'x'.repeat(32 << 20)}\n`
    const { observations, time } = timed(
      Buffer.from(`${stanza({}).trimEnd()}\n${description}\n${stanza({ Package: 'b' })}`),
    )
    expect(observations).toHaveLength(2)
    expect(time).toBeLessThan(2000)
  })

  it('takes any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void analyze(Buffer.from(bytes))))
  })

  it('loses no package to damage of the one before it, but for the gap between them', () => {
    const first = stanza({})
    const both = Buffer.from(first + stanza({ Package: 'b' }))
    fc.assert(
      fc.property(fc.nat(first.length - 3), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const damaged = Buffer.from(both)
        damaged[at]! ^= bits
        expect(summary(damaged)).toContain('b 1-1 amd64 b 1-1')
      }),
    )
  })
})

describe('paths', () => {
  it.each(['var/lib/dpkg/status', 'usr/lib/sysimage/dpkg/status', 'dpkg/status', 'var/lib/dpkg/status.d/base-files'])(
    'wants %s',
    (path) => expect(dpkgStatus.wants(path)).toBe(true),
  )
  it.each([
    'var/lib/dpkg/status-old',
    'var/lib/dpkg/status.d/base-files.md5sums',
    'var/lib/dpkg/status.d/sub/base-files',
    'var/lib/dpkg/info/status',
    'var/lib/xdpkg/status',
    'status',
    '',
  ])('does not want %s', (path) => expect(dpkgStatus.wants(path)).toBe(false))
})
