import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type CommandOptions, chiaro } from '../support/command.ts'
import { debianFiles } from '../support/debian-mirror.ts'
import { Blobs, digestOf, tagged, tarOf } from '../support/layout.ts'
import { startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-stopped-'))
const temporary = join(folder, 'tmp')
const layout = join(folder, 'layout')
const archive = join(folder, 'image.tar.gz')
const database = join(folder, 'chiaro.db')
/** Two states of the same feed, so large that an import takes a while. */
const mirrors = ['1', '2'].map((name) => join(folder, `mirror-${name}`)) as [string, string]

beforeAll(async () => {
  mkdirSync(temporary)
  const layer = gzipSync(Buffer.alloc(1 << 28), { level: 1 })
  // 8 GiB of zeros: nobody looks at what they hash to before they have been read
  await writeImage(Buffer.concat(new Array<Buffer>(32).fill(layer)))
  await writeArchive()
  for (const [index, mirror] of mirrors.entries()) {
    for (const [path, content] of Object.entries(debianFiles(JSON.stringify(tracker(index + 1))))) {
      mkdirSync(dirname(join(mirror, path)), { recursive: true })
      writeFileSync(join(mirror, path), content)
    }
  }
  expect(await chiaro(['update', 'debian', '--mirror', mirrors[0], '--db', database])).toMatchObject({ code: 0 })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function writeImage(layer: Buffer): Promise<void> {
  const blobs = new Blobs()
  const platform = { os: 'linux', architecture: 'amd64' }
  const diffId = digestOf(Buffer.alloc(0))
  const config = blobs.put('application/vnd.oci.image.config.v1+json', {
    ...platform,
    rootfs: { type: 'layers', diff_ids: [diffId] },
  })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const layers = [blobs.put('application/vnd.oci.image.layer.v1.tar+gzip', layer)]
  const manifest = blobs.put(mediaType, { schemaVersion: 2, mediaType, config, layers })
  blobs.writeLayout(layout, [tagged(manifest, 'latest')])
}

/** A compressed docker-archive: it is decompressed into a temporary file. */
async function writeArchive(): Promise<void> {
  const large = Buffer.alloc(1 << 26, 'x')
  const layer = await tarOf({ 'etc/os-release': 'ID=debian\nVERSION_ID=12\n', 'var/lib/dpkg/status': status, large })
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [digestOf(layer)] } })
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }])
  writeFileSync(archive, gzipSync(await tarOf({ 'c.json': config, 'l.tar': layer, 'manifest.json': manifest })))
}

const status = 'Package: package-1\nStatus: install ok installed\nVersion: 0\nArchitecture: amd64\n'

/** A document of Debian's tracker with 120,000 statements, every one of them that `version` fixes it. */
function tracker(version: number): unknown {
  const state = { status: 'resolved', fixed_version: String(version), urgency: 'low' }
  const issue = { description: 'x'.repeat(100), releases: { bookworm: state, trixie: state } }
  return Object.fromEntries(
    Array.from({ length: 600 }, (_, name) => [
      `package-${name}`,
      Object.fromEntries(Array.from({ length: 100 }, (_, id) => [`CVE-2099-${name * 100 + id}`, issue])),
    ]),
  )
}

/** A run with its own folder for temporary files and a copy of the database with the first state. */
function run(name: string, args: readonly string[], options: CommandOptions) {
  const own = join(folder, `${name}.db`)
  copyFileSync(database, own)
  return chiaro([...args, '--db', own, '--offline'], { ...options, env: { TMPDIR: temporary } })
}

/** Nothing was left behind, the database is sound, and its data is one of the two states, whole. */
async function expectSound(name: string): Promise<void> {
  expect(readdirSync(temporary)).toEqual([])
  {
    await using store = await openStore(join(folder, `${name}.db`), {})
    expect(await store.verify()).toEqual([])
    const [feed] = await store.advisories.status()
    expect(feed).toMatchObject({ records: 120_000, lastError: undefined })
    const found = await store.advisories.candidates([{ scope: 'debian:12', name: 'package-599' }])
    expect(found).toHaveLength(100)
    expect(new Set(found.map(({ statement }) => statement.fixedIn))).toEqual(new Set([String(feed!.generation)]))
  }
  expect(readdirSync(folder).filter((file) => file.startsWith(`${name}.db`))).toEqual([`${name}.db`])
}

const scanned = (reference: string) => ['scan', reference, '--mirror', mirrors[0], '--max-data-age', '365d']

describe('Ctrl-C', () => {
  it.each([
    ['while it reads a large layer', 1500, () => scanned(`oci-layout:${layout}`)],
    ['while it imports', 900, () => ['update', 'debian', '--mirror', mirrors[1]]],
  ])('%s ends at once and leaves nothing', async (name, after, args) => {
    const result = await run(name, args(), { stop: { signal: 'SIGINT', after } })
    expect(result).toMatchObject({ code: 130, stdout: '' })
    expect(result.stderr).toBe('error ABORTED: stopped by SIGINT\n')
    expect(result.msToStop).toBeLessThan(1000)
    await expectSound(name)
  })

  it('while a registry is silent ends at once and leaves nothing', async () => {
    const asked = Promise.withResolvers<void>()
    const intercept = ({ url }: IncomingMessage) => {
      if (!url!.includes('/blobs/')) return false
      asked.resolve()
      return true
    }
    await using registry = await startRegistry(layout, { intercept })
    const name = 'silent'
    copyFileSync(database, join(folder, `${name}.db`))
    const result = await chiaro(
      [...scanned(`${registry.host}/test/image:latest`), '--db', join(folder, `${name}.db`), '--plain-http'],
      { stop: { signal: 'SIGINT', after: asked.promise }, env: { TMPDIR: temporary } },
    )
    expect(result).toMatchObject({ code: 130, stderr: 'error ABORTED: stopped by SIGINT\n' })
    expect(result.msToStop).toBeLessThan(1000)
    await expectSound(name)
  })
})

// Of an update alone: killed-update.test.ts.
describe('kill -9 at any moment', () => {
  /** Moments from the start of Node to past the end of the work. */
  const moments = (step: number) => Array.from({ length: 6 }, (_, index) => Math.round((index + Math.random()) * step))

  it.each(moments(150))('of a scan, after %i ms, leaves no file', async (after) => {
    const name = `scan-${after}`
    await run(name, scanned(`docker-archive:${archive}`), { stop: { signal: 'SIGKILL', after } })
    await expectSound(name)
  })

  it('does not keep the next update from its work', async () => {
    const name = 'again'
    const args = ['update', 'debian', '--mirror', mirrors[1]]
    const killed = await run(name, args, { stop: { signal: 'SIGKILL', after: 900 } })
    expect(killed.signal).toBe('SIGKILL')
    const again = await chiaro([...args, '--db', join(folder, `${name}.db`)])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('120,000 changed') })
    await expectSound(name)
  })
})
