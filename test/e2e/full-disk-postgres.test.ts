import { spawnSync } from 'node:child_process'
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { image, manifestIn, post, reportPath } from '../support/clair-v4.ts'
import { chiaro } from '../support/command.ts'
import { digestOf, tarOf } from '../support/layout.ts'
import { type Cluster, serverOwner, startCluster } from '../support/postgres-cluster.ts'
import { startRegistry } from '../support/registry.ts'
import { exampleLayout, startTestServer } from '../support/server.ts'
import { contentOf, type TwoMirrors, twoMirrors } from '../support/two-states.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-postgres-disk-'))
/** A small file system for the tables, where one may be mounted. */
const small = join(folder, 'small')
mkdirSync(small)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=755', 'none', small]).status === 0

let cluster: Cluster
let two: TwoMirrors
beforeAll(async () => {
  if (!mounted) return
  spawnSync('chmod', ['755', folder])
  two = await twoMirrors()
  cluster = await startCluster()
  const tables = join(small, 'tables')
  mkdirSync(tables)
  const { uid, gid } = serverOwner()
  if (uid !== undefined) chownSync(tables, uid, gid!)
  await ask(`CREATE TABLESPACE small LOCATION '${tables}'`)
})
afterAll(async () => {
  if (mounted) {
    await cluster.stop()
    spawnSync('umount', [small])
  }
  rmSync(folder, { recursive: true, force: true })
})

async function ask(sql: string): Promise<void> {
  const client = new Client(cluster.address('postgres', 'admin'))
  await client.connect()
  await client.query(sql)
  await client.end()
}

/** An empty database whose tables are on the small file system. */
async function create(name: string): Promise<string> {
  await ask(`CREATE DATABASE ${name} TABLESPACE small`)
  return cluster.address(name, 'admin')
}

/** Leaves no byte on the small file system. */
function fill(): () => void {
  const filler = join(small, 'filler')
  const handle = openSync(filler, 'w')
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
    try {
      for (;;) writeSync(handle, Buffer.alloc(size))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }
  closeSync(handle)
  return () => rmSync(filler)
}

describe.skipIf(!mounted)(
  'a full disk under PostgreSQL (skipped where nothing may be mounted)',
  { timeout: 120_000 },
  () => {
    it('refuses what is new, answers what is known, and takes it when there is room', async () => {
      const layerOf = async (name: string) => {
        // Long enough that what is kept of it needs room in the tables.
        const packages = Array.from(
          { length: 300 },
          (_, number) =>
            `Package: ${name}-${number}\nStatus: install ok installed\nVersion: ${number}.${name}\nArchitecture: all\n`,
        )
        const tar = await tarOf({
          'etc/os-release': 'ID=debian\nVERSION_ID=13\n',
          'var/lib/dpkg/status': packages.join('\n'),
        })
        return { tar, hash: digestOf(tar) }
      }
      const files = createServer((request, response) => {
        void layerOf(request.url!.slice(1)).then(({ tar }) => response.end(tar))
      })
      await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
      await using registry = await startRegistry(exampleLayout)
      const database = await create('served')
      await using server = await startTestServer({ database })
      expect((await post(server.urls.api, manifestIn(registry.host))).status).toBe(201)
      const report = async () => {
        const answer = await fetch(`${server.urls.api}${reportPath}/${image.digest}`)
        return [answer.status, await answer.text()]
      }
      const expected = await report()
      const submit = async (name: string) => {
        const uri = `http://127.0.0.1:${(files.address() as AddressInfo).port}/${name}`
        const { hash } = await layerOf(name)
        const answer = await post(server.urls.api, { hash, layers: [{ hash, uri }] })
        const { message } = (await answer.json()) as { message?: string }
        return [answer.status, message]
      }
      const clear = fill()
      const answers = []
      for (let number = 0; number < 8; number++) answers.push(await submit(`p${number}`))
      expect(answers.at(-1)).toEqual([500, expect.stringMatching(/server side error: .*No space left on device/)])
      expect(await report()).toEqual(expected)
      clear()
      for (let number = 0; number < 8; number++) expect(await submit(`p${number}`)).toEqual([201, undefined])
      expect(await server.engine.store.verify()).toEqual([])
      files.close()
    })

    it('keeps the data when an update does not fit, and the next one works', async () => {
      const database = await create('updated')
      const update = (state: number) =>
        chiaro(['update', ...two.feeds.map(({ feed }) => feed.id), '--mirror', two.mirrors[state]!, '--db', database])
      const states = async () => {
        await using store = await openStore(database)
        expect(await store.verify()).toEqual([])
        const found: number[] = []
        for (const { feed, contents } of two.feeds) {
          found.push(contents.indexOf(await contentOf(store.advisories, feed)))
        }
        return found
      }
      expect(await update(0)).toMatchObject({ code: 0 })
      const clear = fill()
      try {
        const result = await update(1)
        expect(result.code, result.stdout).toBe(2)
        expect(result.stdout + result.stderr).toMatch(/DATABASE_FAILED[\s\S]*No space left on device/)
        const kept = await states()
        expect(kept[0], 'the large feed').toBe(0)
        expect(kept.every((state) => [0, 1].includes(state))).toBe(true)
      } finally {
        clear()
      }
      expect(await update(1)).toMatchObject({ code: 0 })
      expect(await states()).toEqual([1, 1])
    })
  },
)
