import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FeedRecord } from '../../src/core/advisory.ts'
import { openStore } from '../../src/store/open.ts'
import { type CommandOptions, chiaro } from '../support/command.ts'
import { feeds } from '../support/corpus.ts'
import { Blobs } from '../support/layout.ts'
import { advisory, manyAdvisories, source, statement } from '../support/records.ts'
import { startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-exchange-'))
const temporary = join(folder, 'tmp')
const here = join(folder, 'here.db')
const never = new AbortController().signal

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Waits until something has come to pass: how soon that is depends on the machine. */
async function until(isSo: () => boolean): Promise<void> {
  for (const started = Date.now(); !isSo() && Date.now() - started < 30_000; ) await sleep(5)
}

const distributions = {
  debian: {
    osRelease: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    feed: 'debian',
    records: [
      advisory('CVE-2024-0001', [
        statement('debian:12', 'openssl', '3.0.2-1', {
          rating: { severity: 'low', source: 'debian', original: 'low' },
        }),
        { key: { scope: 'debian:12', name: 'zlib' }, fix: 'will-not-fix', note: 'minor' },
        { key: { scope: 'debian:12', name: 'curl' }, fix: 'not-affected' },
      ]),
      advisory('CVE-2024-0002', [statement('debian:12', 'curl', '1.0-1'), statement('debian:11', 'curl', '9')]),
      advisory('CVE-2024-0003', [statement('debian:12', 'curl', '7.88-2')]),
    ],
    packages: { openssl: '3.0.1-1', zlib: '1.2.13-1', curl: '7.88-1' },
    expected: [
      'CVE-2024-0001 openssl 3.0.2-1 low',
      'CVE-2024-0001 zlib null unknown',
      'CVE-2024-0003 curl 7.88-2 unknown',
    ],
  },
  alpine: {
    osRelease: 'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n',
    feed: 'alpine-3.18-main',
    records: [
      advisory('CVE-2024-0001', [statement('alpine:3.18', 'openssl', '3.1.4-r1')]),
      advisory('CVE-2024-0002', [{ key: { scope: 'alpine:3.18', name: 'openssl' }, fix: 'not-affected' }]),
    ],
    packages: { openssl: '3.1.3-r0', zlib: '1.2.13-r1' },
    expected: ['CVE-2024-0001 openssl 3.1.4-r1 unknown'],
  },
  ubuntu: {
    osRelease: 'ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n',
    feed: 'ubuntu-jammy',
    records: [
      {
        vulnerability: {
          ...advisory('CVE-2024-0001', []).vulnerability,
          ratings: [{ severity: 'medium', source: 'ubuntu', original: 'Medium' }],
        },
        statements: [
          statement('ubuntu:22.04', 'openssl', '3.0.2-0ubuntu1.10'),
          { key: { scope: 'ubuntu:22.04', name: 'curl' }, fix: 'open' },
          { key: { scope: 'ubuntu:22.04', name: 'zlib' }, fix: 'not-affected' },
        ],
      },
    ],
    packages: { openssl: '3.0.2-0ubuntu1.9', zlib: '1', curl: '7.81.0-1' },
    expected: ['CVE-2024-0001 curl null medium', 'CVE-2024-0001 openssl 3.0.2-0ubuntu1.10 medium'],
  },
} as const satisfies Record<string, { records: readonly FeedRecord[] } & Record<string, unknown>>

type Name = keyof typeof distributions
const names = Object.keys(distributions) as Name[]
const checkedAt = '2026-01-01T00:00:00.000Z'

beforeAll(async () => {
  mkdirSync(temporary)
  await using store = await openStore(here, {})
  for (const name of names) {
    const { feed, records, osRelease, packages } = distributions[name]
    const filled = [...records, ...manyAdvisories(200, '1')]
    await store.advisories.import({ ...source(filled, { id: feed, fingerprint: name }), checkedAt }, never)
    writeRoot(name, osRelease, packages)
  }
})

/** The root of a system with these packages. */
function writeRoot(name: string, osRelease: string, packages: Readonly<Record<string, string>>): void {
  const root = join(folder, name)
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc', 'os-release'), osRelease)
  const entries = Object.entries(packages)
  if (name.startsWith('alpine')) {
    mkdirSync(join(root, 'lib/apk/db'), { recursive: true })
    const text = entries.map(([pkg, version]) => `P:${pkg}\nV:${version}\nA:x86_64\no:${pkg}\n`).join('\n')
    writeFileSync(join(root, 'lib/apk/db/installed'), text)
  } else {
    mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
    const stanza = ([pkg, version]: readonly [string, string]) =>
      `Package: ${pkg}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\n`
    writeFileSync(join(root, 'var/lib/dpkg/status'), entries.map(stanza).join('\n'))
  }
}

function run(args: readonly string[], database: string, options: CommandOptions = {}) {
  return chiaro([...args, '--db', database], { ...options, env: { TMPDIR: temporary, ...options.env } })
}

async function scan(name: string, database: string, age = '36500d') {
  const result = await run(
    ['scan', `rootfs:${join(folder, name)}`, '--offline', '--max-data-age', age, '--format', 'json'],
    database,
  )
  expect(result).toMatchObject({ code: 0, stderr: '' })
  const { findings, gaps } = JSON.parse(result.stdout) as {
    findings: { id: string; package: string; fixedIn: string | null; severity: string }[]
    gaps: { code: string; where: string }[]
  }
  const shown = findings.map(({ id, package: pkg, fixedIn, severity }) => `${id} ${pkg} ${fixedIn} ${severity}`)
  return { findings: shown.sort(), gaps: gaps.map(({ code, where }) => `${code} ${where}`) }
}

const fresh = (name: string) => join(folder, `${name}.db`)

describe('chiaro data export and import', () => {
  it.each([
    ['a data file', 'data.chiaro', []],
    ['a bundle of Clair', 'bundle.json', ['--format', 'clair']],
  ])('carry all findings of Debian, Alpine and Ubuntu in %s', async (_, file, args) => {
    const path = join(folder, file)
    const database = fresh(file)
    expect(await run(['data', 'export', path, ...args], here)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Wrote \S+: [\d.]+ [kM]?B\.\n$/),
    })
    const imported = await run(['data', 'import', path], database)
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    expect(imported.stdout).toMatch(/\nImported 3 feeds; 0 feeds did not change\.\n$/)
    for (const name of names) {
      const before = await scan(name, here)
      expect(before.findings, name).toEqual(distributions[name].expected)
      const after = await scan(name, database)
      expect(after.findings, name).toEqual(before.findings)
      expect(
        after.gaps.filter((gap) => !before.gaps.includes(gap)),
        name,
      ).toEqual([])
    }
    expect((await run(['data', 'import', path], database)).stdout).toMatch(
      /Imported 0 feeds; 3 feeds did not change\.\n$/,
    )
  })

  it('compress as the end of the name says', async () => {
    const clair = ['--format', 'clair']
    for (const [file, args] of [
      ['data.gz', []],
      ['bundle.json.gz', clair],
      ['bundle.json.zst', clair],
    ] as const) {
      expect(await run(['data', 'export', join(folder, file), ...args], here)).toMatchObject({ code: 0 })
    }
    const first = (file: string) => readFileSync(join(folder, file))
    expect(zstdDecompressSync(first('data.chiaro')).toString()).toMatch(/^\{"chiaroData":1,/)
    expect(gunzipSync(first('data.gz'))).toEqual(zstdDecompressSync(first('data.chiaro')))
    expect(first('bundle.json').toString()).toMatch(/^\{"Updater":"alpine-main-v3\.18-updater",/)
    expect(gunzipSync(first('bundle.json.gz'))).toEqual(first('bundle.json'))
    expect(zstdDecompressSync(first('bundle.json.zst'))).toEqual(first('bundle.json'))
  })

  it('write to standard output and read from standard input', async () => {
    const path = join(folder, 'piped.chiaro')
    const result = await run(['data', 'export', '-', 'alpine'], here, { output: path })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const imported = await run(['data', 'import', '-'], fresh('piped'), { input: readFileSync(path) })
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    expect((await scan('alpine', fresh('piped'))).findings).toEqual(distributions.alpine.expected)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('leave data as old as it was', async () => {
    await run(['data', 'import', join(folder, 'data.chiaro')], fresh('stale'))
    expect((await scan('alpine', fresh('stale'))).gaps).not.toContain('data-stale alpine-3.18-main')
    expect((await scan('alpine', fresh('stale'), '1h')).gaps).toContain('data-stale alpine-3.18-main')
    await run(['data', 'import', join(folder, 'bundle.json')], fresh('stale-clair'))
    expect((await scan('alpine', fresh('stale-clair'), '1h')).gaps).toContain('data-stale alpine-3.18-main')
  })

  it('carry what changed since a generation, and say when it does not fit', async () => {
    const changed = fresh('changed')
    copyFileSync(here, changed)
    const target = fresh('target')
    copyFileSync(here, target)
    {
      await using store = await openStore(changed, {})
      const records = [...distributions.alpine.records.slice(1), ...manyAdvisories(200, '1')]
      await store.advisories.import(source(records, { id: 'alpine-3.18-main', fingerprint: 'new' }), never)
    }
    const path = join(folder, 'since.chiaro')
    expect(await run(['data', 'export', path, '--since', '1'], changed)).toMatchObject({ code: 0 })
    const imported = await run(['data', 'import', path], target)
    expect(imported.stdout).toMatch(/Imported 1 feed; 2 feeds did not change\.\n$/)
    expect((await scan('alpine', target)).findings).toEqual([])
    const refused = await run(['data', 'import', path], fresh('empty'))
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/DATA_FILE_INVALID: it has only what changed in \S+ since a state/)
    const wrong = await run(['data', 'export', join(folder, 'x'), '--since', '1', '--format', 'clair'], changed)
    expect(wrong.stderr).toMatch(/^error CONFIG_INVALID/)
  })

  it('say what is wrong with a file', async () => {
    const damaged = readFileSync(join(folder, 'data.chiaro'))
    damaged[damaged.length >> 1]! ^= 1
    writeFileSync(join(folder, 'damaged.chiaro'), damaged)
    for (const [file, message] of [
      ['damaged.chiaro', /DATA_FILE_INVALID: it is damaged/],
      ['debian/etc/os-release', /DATA_FILE_INVALID: it is not a file of vulnerability data/],
      ['none.chiaro', /FILE_FAILED/],
      ['debian', /FILE_FAILED/],
    ] as const) {
      const result = await run(['data', 'import', join(folder, file)], fresh('wrong'))
      expect(result, file).toMatchObject({ code: 2, stdout: '' })
      expect(result.stderr, file).toMatch(message)
    }
    const missing = await run(['data', 'export', join(folder, 'no', 'file')], here)
    expect(missing.stderr).toMatch(/^error FILE_FAILED/)
    const unknown = await run(['data', 'export', join(folder, 'x'), 'debina'], here)
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error FEED_UNKNOWN: "debina"/) })
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })

  it('name the feeds that Clair has no updater for', async () => {
    const database = fresh('others')
    copyFileSync(here, database)
    {
      await using store = await openStore(database, {})
      await store.advisories.import(source(manyAdvisories(3, '1'), { id: 'alma-9' }), never)
    }
    const result = await run(['data', 'export', join(folder, 'others.json'), '--format', 'clair'], database)
    expect(result).toMatchObject({ code: 0, stderr: 'Left out, as Clair has no updater for them: alma-9.\n' })
  })
})

describe('an interrupted transfer', () => {
  const large = fresh('large')
  const file = join(folder, 'large.chiaro')

  beforeAll(async () => {
    await using store = await openStore(large, {})
    for (const id of ['alpine-edge-main', 'debian', 'ubuntu-focal']) {
      await store.advisories.import(source(manyAdvisories(40_000, '2'), { id, fingerprint: 'two' }), never)
    }
    expect(await run(['data', 'export', file], large)).toMatchObject({ code: 0 })
  }, 60_000)

  /** The old data or the new, whole. */
  async function expectOneState(database: string): Promise<void> {
    await using store = await openStore(database, {})
    expect(await store.verify()).toEqual([])
    const loaded = (await store.advisories.status()).filter(({ generation }) => generation > 0)
    const states = loaded.map(({ feed, fingerprint }) => `${feed} ${fingerprint}`)
    expect([
      ['alpine-3.18-main alpine', 'debian debian', 'ubuntu-jammy ubuntu'],
      ['alpine-3.18-main alpine', 'alpine-edge-main two', 'debian two', 'ubuntu-focal two', 'ubuntu-jammy ubuntu'],
    ]).toContainEqual(states)
  }

  it.each([400, 700, 1000, 1300, 1600, 2000, 2500])(
    'of an import by kill -9 after %i ms leaves all or nothing',
    async (after) => {
      const database = fresh(`killed-${after}`)
      copyFileSync(here, database)
      await run(['data', 'import', file], database, { stop: { signal: 'SIGKILL', after } })
      await expectOneState(database)
    },
  )

  it('of an import by Ctrl-C leaves what was there', async () => {
    const database = fresh('interrupted')
    copyFileSync(here, database)
    const begun = until(() => existsSync(`${database}-wal`)).then(() => sleep(300))
    const result = await run(['data', 'import', file], database, { stop: { signal: 'SIGINT', after: begun } })
    expect(result).toMatchObject({ code: 130, stdout: '', stderr: 'error ABORTED: stopped by SIGINT\n' })
    expect(result.msToStop).toBeLessThan(1000)
    await expectOneState(database)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('of an export by Ctrl-C leaves no file, and an old one as it was', async () => {
    for (const [name, old] of [
      ['new.chiaro', undefined],
      ['old.chiaro', 'old'],
    ] as const) {
      const own = join(folder, `export-${name}`)
      mkdirSync(own)
      if (old !== undefined) writeFileSync(join(own, name), old)
      const begun = until(() => readdirSync(own).some((file) => file.endsWith('.tmp')))
      const result = await run(['data', 'export', join(own, name)], large, { stop: { signal: 'SIGINT', after: begun } })
      expect(result).toMatchObject({ code: 130, stdout: '', stderr: 'error ABORTED: stopped by SIGINT\n' })
      expect(result.msToStop).toBeLessThan(1000)
      expect(readdirSync(own)).toEqual(old === undefined ? [] : [name])
      if (old !== undefined) expect(readFileSync(join(own, name), 'utf8')).toBe(old)
    }
  })

  it('that waits for standard input ends at once', async () => {
    const database = fresh('waiting')
    const result = await run(['data', 'import', '-'], database, {
      input: 'open',
      stop: { signal: 'SIGINT', after: until(() => existsSync(database)).then(() => sleep(300)) },
    })
    expect(result).toMatchObject({ code: 130, stderr: 'error ABORTED: stopped by SIGINT\n' })
    expect(result.msToStop).toBeLessThan(1000)
  })

  it('needs no more memory for more data', async () => {
    const target = fresh('memory')
    const results = [
      await run(['data', 'export', join(folder, 'memory.chiaro')], large),
      await run(['data', 'import', join(folder, 'memory.chiaro')], target),
      await run(['data', 'export', join(folder, 'memory.json'), '--format', 'clair'], large),
      await run(['data', 'import', join(folder, 'memory.json')], fresh('memory-clair')),
    ]
    for (const { code, mib } of results) {
      expect(code).toBe(0)
      expect(mib).toBeLessThan(300)
    }
  }, 120_000)
})

describe('chiaro data push and pull', () => {
  it('carry all findings through a registry', async () => {
    const layout = join(folder, 'layout')
    mkdirSync(layout)
    new Blobs().writeLayout(layout, [])
    const auth = { kind: 'token', username: 'user', password: 'secret' } as const
    await using registry = await startRegistry(layout, { auth })
    const reference = `${registry.host}/test/image:data`
    const login = { env: { CHIARO_USERNAME: 'user', CHIARO_PASSWORD: 'secret', DOCKER_CONFIG: folder } }
    const pushed = await run(['data', 'push', reference, '--plain-http'], here, login)
    expect(pushed).toMatchObject({ code: 0, stderr: '' })
    expect(pushed.stdout).toMatch(/\nPushed 3 feeds, [\d.]+ kB; 0 feeds did not change\.\n$/)
    const again = await run(['data', 'push', reference, '--plain-http'], here, login)
    expect(again.stdout).toMatch(/^Pushed 0 feeds, 0 B; 3 feeds did not change\.\n$/)
    const pulled = await run(['data', 'pull', reference, 'ubuntu', 'debian', '--plain-http'], fresh('pulled'), login)
    expect(pulled.stdout).toMatch(/\nImported 2 feeds; 0 feeds did not change\.\n$/)
    for (const name of ['debian', 'ubuntu'] as const) {
      expect((await scan(name, fresh('pulled'))).findings).toEqual(distributions[name].expected)
    }
    const refused = await run(['data', 'pull', reference, '--plain-http'], fresh('refused'), {
      env: { DOCKER_CONFIG: folder },
    })
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error AUTH_FAILED/) })
  })
})

describe.skipIf(feeds === undefined)('the real feeds through a bundle of Clair (skipped without CHIARO_FEEDS)', () => {
  const real = fresh('real')
  const back = fresh('real-back')
  const systems = [
    ['real-debian', 'debian', 'debian:12', distributions.debian.osRelease, 0.99],
    ['alpine-real', 'alpine-3.18-main', 'alpine:3.18', distributions.alpine.osRelease, 1],
    ['real-ubuntu', 'ubuntu-focal', 'ubuntu:20.04', 'ID=ubuntu\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\n', 1],
  ] as const

  beforeAll(async () => {
    const ids = systems.map(([, id]) => id)
    expect(await run(['update', ...ids, '--mirror', feeds!], real)).toMatchObject({ code: 0 })
    expect(await run(['data', 'export', join(folder, 'real.gz'), '--format', 'clair'], real)).toMatchObject({ code: 0 })
    expect(await run(['data', 'import', join(folder, 'real.gz')], back)).toMatchObject({ code: 0 })
  }, 120_000)

  it.each(systems)(
    '%s finds the same',
    async (name, feed, scope, osRelease) => {
      const found = new Map<string, string>()
      {
        await using store = await openStore(real, {})
        for await (const record of store.advisories.records(feed)) {
          if (!('statements' in record)) continue
          for (const { key } of record.statements) if (key.scope === scope) found.set(key.name, '0.0.1')
        }
      }
      expect(found.size).toBeGreaterThan(100)
      writeRoot(name, osRelease, Object.fromEntries(found))
      const before = await scan(name, real)
      expect(before.findings.length).toBeGreaterThan(1000)
      expect((await scan(name, back)).findings).toEqual(before.findings)
    },
    60_000,
  )
})
