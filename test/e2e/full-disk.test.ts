import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type CommandOptions, type CommandResult, chiaro } from '../support/command.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { contentOf, type TwoMirrors, twoMirrors } from '../support/two-states.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-disk-'))
/** A small file system of its own, where one may be mounted. */
const small = join(folder, 'small')
mkdirSync(small)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', small]).status === 0
const linux = process.platform === 'linux'

let two: TwoMirrors
beforeAll(async () => {
  two = await twoMirrors()
})
afterAll(() => {
  if (mounted) spawnSync('umount', [small])
  rmSync(folder, { recursive: true, force: true })
})

/** Fills the small file system but for some bytes. */
function fill(room: number): () => void {
  const filler = join(small, 'filler')
  const handle = openSync(filler, 'w')
  const block = Buffer.alloc(64 * 1024)
  try {
    for (;;) if (writeSync(handle, block) < block.length) break
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    closeSync(handle)
  }
  truncateSync(filler, Math.max(0, statSync(filler).size - room))
  return () => rmSync(filler)
}

/** Which of its two states each feed is in; the database is sound. */
async function statesOf(location: string): Promise<readonly number[]> {
  await using store = await openStore(location)
  expect(await store.verify()).toEqual([])
  return await Promise.all(
    two.feeds.map(async ({ feed, contents }) => contents.indexOf(await contentOf(store.advisories, feed))),
  )
}

function update(state: number, database: string, options: CommandOptions = {}, mirror = two.mirrors[state]!) {
  return chiaro(['update', ...two.feeds.map(({ feed }) => feed.id), '--mirror', mirror, '--db', database], options)
}

async function expectKept(database: string, result: CommandResult, message: RegExp): Promise<void> {
  expect(result.code, result.stdout).toBe(2)
  expect(result.stderr).toMatch(message)
  expect(await statesOf(database)).toEqual([0, 0])
}

describe.skipIf(!mounted)('a full disk (skipped where no file system may be mounted)', () => {
  it.each([0, 100_000, 400_000])(
    'with room for %i bytes beside the database keeps the data, and works again',
    async (room) => {
      const database = join(small, `room-${room}.db`)
      expect(await update(0, database)).toMatchObject({ code: 0 })
      const clear = fill(room)
      try {
        const result = await update(1, database)
        expect(result.code, result.stdout).toBe(2)
        expect(result.stderr).toMatch(/^error DATABASE_FAILED: .*(?:disk is full|disk I\/O error|unable to open)/)
        expect(result.stderr).toMatch(/Free space|Check it|can read and write/)
      } finally {
        clear()
      }
      expect(await statesOf(database)).toEqual([0, 0])
      expect(await update(1, database)).toMatchObject({ code: 0 })
      expect(await statesOf(database)).toEqual([1, 1])
      rmSync(database)
    },
  )

  it('for temporary files stops the feeds that do not fit, and no other', async () => {
    const database = join(folder, 'temporary.db')
    expect(await update(0, database)).toMatchObject({ code: 0 })
    const [large, next] = two.files[1].map(({ content }) => content.length).sort((left, right) => right - left)
    expect(large!).toBeGreaterThan(next! * 2)
    const clear = fill(next! + 200_000)
    try {
      await using server = await serveFeeds(two.files[1])
      const result = await update(1, database, { env: { TMPDIR: small } }, server.url)
      expect(result.code).toBe(2)
      expect(result.stdout).toMatch(/debian +failed[\s\S]*FILE_FAILED: debian\n.*ENOSPC/)
    } finally {
      clear()
    }
    expect(await statesOf(database)).toEqual([0, 1])
    const { stdout } = await chiaro(['data', '--db', database])
    expect(stdout).toMatch(/debian: FILE_FAILED/)
  })
})

it.skipIf(!linux)('a file that may not grow keeps the data, and works again (Linux only)', async () => {
  const database = join(folder, 'limited.db')
  expect(await update(0, database)).toMatchObject({ code: 0 })
  const fileBlocks = 64
  await expectKept(database, await update(1, database, { fileBlocks }), /^error DATABASE_FAILED: /)
  expect(await update(1, database)).toMatchObject({ code: 0 })
  expect(await statesOf(database)).toEqual([1, 1])
})
