import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { databaseFile } from '../../../test/support/database-file.ts'
import { advisory, manyAdvisories, source, statement } from '../../../test/support/records.ts'
import { limits } from '../../core/limits.ts'
import { openStore } from '../open.ts'
import { createAdvisoryStore } from './advisories.ts'
import { openDatabase } from './open.ts'

const never = new AbortController().signal
const file = databaseFile()

describe('what is written', () => {
  const dump = () =>
    ['generation', 'gap_list', 'scope', 'package', 'claim', 'vulnerability', 'vulnerability_history'].map((table) =>
      file.query(`SELECT * FROM ${table}`),
    )

  it('an unchanged feed writes nothing but its own row', async () => {
    await file.import(manyAdvisories(200, '1'))
    const before = dump()
    await file.import(manyAdvisories(200, '1'), 'two')
    expect(dump()).toEqual(before)
    expect(file.query('SELECT count(*) AS count FROM statement WHERE from_gen > 1')).toEqual([{ count: 0 }])
  })

  it('twenty imports that each change one record in a hundred grow the file by a fifth or less', async () => {
    const count = 10_000
    const description = 'x'.repeat(300)
    const records = (generation: number) =>
      Array.from({ length: count }, (_, index) => {
        const changes = index % 100 < generation ? Math.min(generation, (index % 100) + 1) : 0
        return advisory(`CVE-${index}`, [statement('s', `p${index % 700}`, `1.${changes}`)], `${description}${changes}`)
      })
    await file.import(records(0))
    const { size } = await stat(file.path)
    for (let generation = 1; generation <= 20; generation++) await file.import(records(generation))
    expect(file.query('SELECT count(*) AS count FROM statement_history')).toEqual([{ count: (20 * count) / 100 }])
    expect((await stat(file.path)).size / size).toBeLessThan(1.21)
  })

  it('any earlier generation can be told', async () => {
    const generations = ['1', '2', '1', '3'].map((version, index) => [
      ...manyAdvisories(20 + index * 5, version).filter((_, number) => number % 7 !== index),
    ])
    for (const records of generations) await file.import(records)
    for (const [index, records] of generations.entries()) {
      const g = index + 1
      const asOf = (table: string, columns: string, end: string) =>
        `SELECT ${columns} FROM ${table} WHERE from_gen <= ${g} AND ${g} < coalesce(${end}, ${g} + 1)`
      const rows = file.query<{ text: string }>(
        `WITH alive AS (${asOf('statement', 'package, vulnerability, fixed_in', 'NULL')}
           UNION ALL ${asOf('statement_history', 'package, vulnerability, fixed_in', 'to_gen')})
         SELECT vulnerability.name || ' ' || scope.name || ' ' || package.name || ' ' || fixed_in AS text
         FROM alive JOIN package ON package.id = package JOIN scope ON scope.id = scope
           JOIN vulnerability ON vulnerability.id = vulnerability`,
      )
      const expected = records.flatMap(({ vulnerability, statements }) =>
        statements.map(({ key, fixedIn }) => `${vulnerability.id} ${key.scope} ${key.name} ${fixedIn}`),
      )
      expect(rows.map(({ text }) => text).sort()).toEqual(expected.sort())
    }
  })

  it('more names than are remembered', async () => {
    const count = limits.importNames + 20_000
    const records = [...Array(2).keys()].flatMap((half) =>
      Array.from({ length: count }, (_, index) =>
        advisory(`CVE-${index}`, [statement(`s${index % 3}`, `p${index}`, `${half}`)], ''),
      ),
    )
    for (const added of [count, 0]) {
      await using store = await openStore(file.path)
      const result = await store.advisories.import(source(records), never)
      expect(result).toMatchObject({ generation: 1, records: count, added, changed: 0, closed: 0 })
      expect(await store.verify()).toEqual([])
    }
  })

  it('more statements than are remembered', async () => {
    const count = limits.importStatements + 10_000
    // 600 packages, whose statements are spread over the whole feed
    const records = (changed: number) =>
      Array.from({ length: count }, (_, index) => {
        const version = index % 100 < changed ? '2' : '1'
        return advisory(`CVE-${index}`, [statement('s', `p${index % 600}`, version)], '')
      })
    await using store = await openStore(file.path)
    expect(await store.advisories.import(source(records(0)), never)).toMatchObject({ added: count })
    const result = await store.advisories.import(source(records(1).reverse()), never)
    expect(result).toMatchObject({ generation: 2, records: count, added: 0, changed: count / 100, closed: 0 })
    expect(await store.verify()).toEqual([])
  })

  it('a full disk is said, and leaves the data', async () => {
    await file.import(manyAdvisories(100, '1'))
    const database = await openDatabase(file.path, {})
    try {
      const advisories = createAdvisoryStore(database)
      const before = await advisories.status()
      await database.maintain((connection) => connection.exec('PRAGMA max_page_count = 40'))
      const failing = advisories.import(source(manyAdvisories(20_000, '2')), never)
      await expect(failing).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        where: file.path,
        advice: expect.stringMatching(/Free space/),
      })
      expect(await advisories.status()).toEqual(before)
      expect(await advisories.import(source(manyAdvisories(100, '2')), never)).toMatchObject({ changed: 200 })
    } finally {
      await database.close()
    }
    await using store = await openStore(file.path)
    expect(await store.verify()).toEqual([])
  })

  it('a lock that is not given back in time is an error, and what is only kept for speed goes without', async () => {
    await file.import(manyAdvisories(1, '1'))
    const digest = `sha256:${'1'.repeat(64)}` as const
    const other = new DatabaseSync(file.path)
    other.exec('BEGIN IMMEDIATE')
    const database = await openDatabase(file.path, {})
    await using store = await openStore(file.path)
    try {
      await expect(database.write(() => {}, { wait: 300 })).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        where: file.path,
      })
      const image = { reference: 'x', tags: [], digest, configDigest: digest, layers: [] }
      const platform = { os: 'linux', architecture: 'amd64' }
      const report = { image: { ...image, platform }, release: undefined, packages: [], gaps: [] }
      await store.index.putImage(report, 'a')
      expect(await store.index.image(digest, 'a')).toBeUndefined()
      const required = store.index.putImage(report, 'a', true)
      await sleep(limits.databaseCacheWait + 200)
      other.exec('ROLLBACK')
      await required
      expect(await store.index.image(digest, 'a')).toEqual(report)
    } finally {
      other.close()
      await database.close()
    }
  })

  it('notes the day on which an image was used, and gc goes by it', async () => {
    const digest = `sha256:${'1'.repeat(64)}` as const
    const today = new Date().toISOString().slice(0, 10)
    await file.import(manyAdvisories(1, '1'))
    file.exec(`INSERT INTO image (digest, analyzers, used_on, report) VALUES ('${digest}', 'a', '2020-01-01', '{}')`)
    file.exec(`INSERT INTO image (digest, analyzers, used_on, report) VALUES ('${digest}', 'b', '2020-01-01', '{}')`)
    await using store = await openStore(file.path)
    expect(await store.index.image(digest, 'a')).toEqual({})
    expect(file.query('SELECT used_on FROM image ORDER BY analyzers')).toEqual([
      { used_on: today },
      { used_on: '2020-01-01' },
    ])
    expect(await store.gc(`${today}T00:00:00.000Z`)).toMatchObject({ images: 1 })
    expect(await store.index.image(digest, 'a')).toEqual({})
    expect(await store.index.image(digest, 'b')).toBeUndefined()
  })
})
