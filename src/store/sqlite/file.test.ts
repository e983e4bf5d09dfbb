import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { databaseFile } from '../../../test/support/database-file.ts'
import { manyAdvisories, source } from '../../../test/support/records.ts'
import { sampleReport } from '../../../test/support/reports.ts'
import type { Store } from '../../core/store.ts'
import { encodeFound } from '../found-row.ts'
import { openStore } from '../open.ts'

const never = new AbortController().signal
const child = join(import.meta.dirname, '../../../test/support/store-child.ts')

const file = databaseFile()

describe('opening', () => {
  it('makes the file and its directories, for the owner only', async () => {
    file.path = join(file.directory, 'a', 'b', 'chiaro.db')
    await file.import(manyAdvisories(1, '1'))
    expect((await stat(join(file.directory, 'a'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(file.directory, 'a', 'b'))).mode & 0o777).toBe(0o700)
    expect(file.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(file.query('PRAGMA auto_vacuum')).toEqual([{ auto_vacuum: 2 }])
    expect(file.query('PRAGMA page_size')).toEqual([{ page_size: 8192 }])
  })

  it('leaves nothing beside the file when it is closed', async () => {
    await file.import(manyAdvisories(1, '1'))
    await expect(stat(`${file.path}-wal`)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(stat(`${file.path}-shm`)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each(['', 'sqlite:', 'postgres:/localhost/chiaro\0', 'mysql://x', 'a\0b'])('refuses %j', async (location) => {
    await expect(openStore(location)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: location })
  })

  it.each(['name with spaces.db', 'per%20cent?mode=memory#x.db', 'größe.db', 'file:x.db'])(
    'takes %j for a path',
    async (name) => {
      file.path = join(file.directory, name)
      await file.import(manyAdvisories(1, '1'))
      expect((await stat(file.path)).size).toBeGreaterThan(0)
    },
  )

  it('says so when there is nothing to read', async () => {
    await expect(openStore(file.path, { readOnly: true })).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      where: file.path,
    })
    await expect(stat(file.path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('reads without writing', async () => {
    await file.import(manyAdvisories(1, '1'))
    const before = await readFile(file.path)
    await using store = await openStore(file.path, { readOnly: true })
    expect(await store.advisories.status()).toMatchObject([{ records: 2 }])
    expect(await store.verify()).toEqual([])
    await expect(store.advisories.import(source(manyAdvisories(1, '2')), never)).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      where: file.path,
    })
    await expect(store.gc('2999-01-01')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect(await readFile(file.path)).toEqual(before)
  })

  it('refuses a database of a newer Chiaro', async () => {
    await file.import(manyAdvisories(1, '1'))
    file.exec('PRAGMA user_version = 99')
    await expect(openStore(file.path)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      where: file.path,
      message: expect.stringContaining(file.path),
      advice: expect.stringMatching(/newer/),
    })
  })

  it('refuses the database of another program, and leaves it', async () => {
    file.exec('CREATE TABLE bookmark (url TEXT)')
    const before = await readFile(file.path)
    await expect(openStore(file.path)).rejects.toMatchObject({ code: 'DATABASE_FAILED', where: file.path })
    expect(await readFile(file.path)).toEqual(before)
  })

  it.each([
    ['text', 'this is not a database\n'.repeat(1000)],
    ['one byte', 'x'],
    ['zeroes', '\0'.repeat(10_000)],
  ])('refuses a file of %s, and leaves it', async (_, content) => {
    await writeFile(file.path, content)
    await expect(openStore(file.path)).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      where: file.path,
      message: expect.stringContaining(file.path),
      advice: expect.stringMatching(/./),
    })
    expect(await readFile(file.path, 'utf8')).toBe(content)
  })

  it('refuses a directory', async () => {
    await expect(openStore(file.directory)).rejects.toMatchObject({ code: 'DATABASE_FAILED', where: file.directory })
  })

  it('refuses a path below a file', async () => {
    await writeFile(file.path, '')
    const below = join(file.path, 'chiaro.db')
    await expect(openStore(below)).rejects.toMatchObject({ code: 'DATABASE_FAILED', where: below })
  })
})

describe('damage', () => {
  it('a file cut off anywhere is refused', async () => {
    await file.import(manyAdvisories(2000, '1'))
    const whole = join(file.directory, 'whole.db')
    await copyFile(file.path, whole)
    const { size } = await stat(whole)
    for (const length of [1, 15, 16, 99, 100, 511, 512, 4096, 8191, 8192, 8193, size >> 1, size - 8192, size - 1]) {
      await copyFile(whole, file.path)
      await truncate(file.path, length)
      await expect(openStore(file.path), `cut to ${length} of ${size} bytes`).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        where: file.path,
      })
    }
  })

  it('overwritten pages are found by verify, and never crash a reader', async () => {
    await file.import(manyAdvisories(2000, '1'))
    const whole = await readFile(file.path)
    const pages = whole.length / 8192
    for (let page = 1; page < pages; page += 5) {
      const damaged = Buffer.from(whole)
      damaged.fill(0xa5, page * 8192, page * 8192 + 4096)
      await writeFile(file.path, damaged)
      try {
        await using store = await openStore(file.path)
        const problems = await store.verify()
        expect(problems.length, `page ${page}`).toBeGreaterThan(0)
        expect(
          problems.filter((problem) => /\n|^\*{3}/.test(problem)),
          'each problem is a line of its own',
        ).toEqual([])
        await store.advisories.candidates([{ scope: 'debian:12', name: 'package-7' }])
      } catch (error) {
        expect(error, `page ${page}`).toMatchObject({ code: 'DATABASE_FAILED', where: file.path })
      }
    }
  })

  it('verify finds rows that do not fit together', async () => {
    await file.import(manyAdvisories(20, '1'))
    await file.import(manyAdvisories(10, '2'))
    const whole = await readFile(file.path)
    const damages = [
      'DELETE FROM statement WHERE package = 1',
      'DELETE FROM package WHERE id = 1',
      'DELETE FROM claim',
      'DELETE FROM statement_history WHERE package = 1',
      'DELETE FROM vulnerability WHERE id = 1',
      'DELETE FROM generation WHERE number = 2',
      'UPDATE vulnerability SET to_gen = 2 WHERE id = 1',
      'UPDATE vulnerability SET from_gen = 2 WHERE id = 1',
      'UPDATE scope SET statements = statements + 1 WHERE id = 1',
      'UPDATE statement SET slot = 5',
      'UPDATE statement SET slot = slot + 100000',
      'UPDATE statement SET from_gen = 7',
      'UPDATE statement_history SET to_gen = from_gen',
      'UPDATE statement_history SET to_gen = 9',
      'UPDATE generation SET statements = statements - 1 WHERE number = 1',
      'UPDATE generation SET vulnerabilities = vulnerabilities - 1 WHERE number = 1',
    ]
    for (const sql of damages) {
      await writeFile(file.path, whole)
      file.exec(sql)
      await using store = await openStore(file.path)
      expect((await store.verify()).length, sql).toBeGreaterThan(0)
      await expectAnswerOrFailure(store, sql)
    }
  })

  /** Candidates are found or refused as damaged, but nothing else is thrown. */
  async function expectAnswerOrFailure(store: Store, sql: string): Promise<void> {
    const keys = manyAdvisories(20, '').flatMap(({ statements }) => statements.map(({ key }) => key))
    try {
      for (const { vulnerability } of await store.advisories.candidates(keys)) expect(vulnerability).toBeDefined()
    } catch (error) {
      expect(error, sql).toMatchObject({ code: 'DATABASE_FAILED', where: file.path })
    }
  }

  it('what was kept of layers and images is read anew when it is damaged', async () => {
    const digest = `sha256:${'1'.repeat(64)}` as const
    const kept = (matches: readonly unknown[]) =>
      JSON.stringify({ matches, feeds: [], statements: [], vulnerabilities: [], lengths: [], verdicts: [] })
    const sample = { findings: sampleReport().findings, gaps: [] }
    const row = encodeFound(sample)
    const found = row.found.replaceAll("'", "''")
    const details = row.details.replaceAll("'", "''")
    await file.import(manyAdvisories(1, '1'))
    file.exec(
      `INSERT INTO image (digest, analyzers, used_on, report, found_basis, found, found_descriptions)
       VALUES ('${digest}', 'd', '2999-01-01', '{}', 'b', '{', '${details}'),
         ('${digest}', 'e', '2999-01-01', '{}', 'b', '${found}', '${details}, and more'),
         ('${digest}', 'f', '2999-01-01', '{}', 'b', '${found}', NULL),
         ('${digest}', 'g', '2999-01-01', '{}', 'b', '${found}', '${details}')`,
    )
    file.exec(
      `INSERT INTO image (digest, analyzers, used_on, report, basis, matches, descriptions)
       VALUES ('${digest}', 'a', '2999-01-01', '{', 'b', '{', ''),
         ('${digest}', 'b', '2999-01-01', '{}', 'b', '${kept([[0, 0, 0, 0, 0]])}', ''),
         ('${digest}', 'c', '2999-01-01', '{}', 'b', '${kept([])}', 'more')`,
    )
    file.exec(
      `INSERT INTO layer (digest, diff_id, analyzers, used_on, content, paths)
       VALUES ('${digest}', '${digest}', 'a', '2999-01-01', x'00', x'00')`,
    )
    await using store = await openStore(file.path)
    expect(await store.index.image(digest, 'a')).toBeUndefined()
    for (const analyzers of ['a', 'b', 'c']) {
      expect(await store.index.matches({ digest, analyzers, basis: 'b' })).toBeUndefined()
    }
    for (const analyzers of ['d', 'e', 'f']) {
      expect(await store.index.found({ digest, analyzers, basis: 'b' }, true)).toBeUndefined()
    }
    expect(await store.index.found({ digest, analyzers: 'g', basis: 'b' }, true)).toEqual(sample)
    expect(await store.index.layer(digest, digest, 'a')).toBeUndefined()
  })
})

describe('several processes', () => {
  it('that start at once make one database', async () => {
    const run = promisify(execFile)
    await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, [child, 'import-once', file.path])))
    await using store = await openStore(file.path)
    expect((await store.advisories.status()).map(({ records }) => records)).toEqual(Array(6).fill(200))
    expect(await store.verify()).toEqual([])
  })

  it('a process that is killed at any moment leaves the last good generation', async () => {
    for (let round = 0; round < 20; round++) {
      const running = spawn(process.execPath, [child, 'import-for-ever', file.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = new Promise((resolve) => running.once('exit', resolve))
      // One round in four ends while the process starts, the others while it imports.
      if (round % 4 > 0) await firstLine(running)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
      running.kill('SIGKILL')
      await exited
      await expectWhole()
    }
    expect(file.query<{ number: number }>('SELECT max(number) AS number FROM generation')[0]!.number).toBeGreaterThan(1)
  })

  async function expectWhole(): Promise<void> {
    await using store = await openStore(file.path)
    expect(await store.verify()).toEqual([])
    const [status] = await store.advisories.status()
    if (status === undefined) return
    expect(status.records).toBe(6000)
    const keys = Array.from({ length: 500 }, (_, index) => ({ scope: 'debian:12', name: `package-${index}` }))
    const candidates = await store.advisories.candidates(keys)
    expect(candidates).toHaveLength(3000)
    expect(new Set(candidates.map(({ statement }) => statement.fixedIn))).toEqual(new Set([status.fingerprint]))
  }

  function firstLine(running: ChildProcess): Promise<unknown> {
    return new Promise((resolve) => running.stdout!.once('data', resolve))
  }
})

describe.skipIf(process.getuid?.() === 0 ? 'the superuser may write everywhere' : false)(
  'without the right to write',
  () => {
    it('a database in a directory that cannot be written is read', async () => {
      await file.import(manyAdvisories(1, '1'))
      await chmod(file.path, 0o400)
      await chmod(file.directory, 0o500)
      try {
        await using store = await openStore(file.path)
        expect(await store.advisories.status()).toMatchObject([{ records: 2 }])
        await expect(store.advisories.checked('debian', 'x')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      } finally {
        await chmod(file.directory, 0o700)
      }
    })
  },
)
