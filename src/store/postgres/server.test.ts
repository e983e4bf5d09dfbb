import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digest, indexReport } from '../../../test/contract/store-samples.ts'
import { createPostgres, type PostgresDatabase } from '../../../test/support/postgres.ts'
import { startCluster } from '../../../test/support/postgres-cluster.ts'
import { manyAdvisories, source } from '../../../test/support/records.ts'
import { limits } from '../../core/limits.ts'
import { openStore } from '../open.ts'

const never = new AbortController().signal
const child = join(import.meta.dirname, '../../../test/support/store-child.ts')
const password = 'p@ss:w/ord'

let database: PostgresDatabase

beforeEach(async () => {
  database = await createPostgres()
})

afterEach(() => database.remove())

/** The address with another part. */
function changed(parts: Partial<URL>): string {
  return Object.assign(new URL(database.address), parts).href
}

async function importOnce(version: string): Promise<void> {
  await using store = await openStore(database.address)
  await store.advisories.import(source(manyAdvisories(100, version), { fingerprint: version }), never)
}

describe('opening', () => {
  it('works for a user without special rights, in a schema of its own', async () => {
    await importOnce('1')
    const [user] =
      await database.query<object>(`SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles
      WHERE rolname = (SELECT tableowner FROM pg_tables WHERE tablename = 'statement')`)
    expect(Object.values(user!)).toEqual([false, false, false, false])
    expect(await database.query(`SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'chiaro'`)).toEqual([
      { schemaname: 'chiaro' },
    ])
    expect(await database.query('SELECT extname FROM pg_extension')).toEqual([{ extname: 'plpgsql' }])
  })

  it.each(['postgres', 'postgresql', 'POSTGRES'])('takes %s: for the scheme', async (scheme) => {
    await using store = await openStore(database.address.replace(/^postgres/, scheme))
    expect(await store.advisories.status()).toEqual([])
  })

  it.each([
    ['a server that is not there', { port: '1' }, /ECONNREFUSED/, /server runs/],
    ['a host that is not there', { hostname: 'nowhere.invalid' }, /nowhere\.invalid/, /server runs/],
    ['a wrong password', { password: 'secret' }, /password authentication failed/, /password/],
    ['an unknown user', { username: 'eve' }, /eve/, /user/],
    ['a database that is not there', { pathname: '/none' }, /"none" does not exist/, /createdb/],
  ])('says what is wrong: %s', async (_, parts, message, advice) => {
    const address = changed(parts)
    const error = await openStore(address).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringMatching(message),
      advice: expect.stringMatching(advice),
    })
    const { where, advice: given, message: said } = error as { where: string; advice: string; message: string }
    for (const text of [where, given, said]) expect(text).not.toMatch(/secret|p@ss|p%40ss/)
  })

  it('refuses what is no address, without saying the password', async () => {
    const error = await openStore('postgres://ada:secret@host:port/x').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('secret')
  })

  it('refuses tables of a newer Chiaro, and of another program', async () => {
    await importOnce('1')
    await database.query('UPDATE schema_version SET version = 99')
    await expect(openStore(database.address)).rejects.toMatchObject({ code: 'DATABASE_NEWER' })
    await database.query('DROP SCHEMA chiaro CASCADE; CREATE SCHEMA chiaro; CREATE TABLE chiaro.bookmark (url text)')
    await expect(openStore(database.address)).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringMatching(/another program/),
    })
  })

  it('refuses a database that cannot keep every text', async () => {
    const name = `latin_${Date.now()}`
    const make = `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`
    const client = new Client(database.adminAddress)
    await client.connect()
    try {
      await client.query(make)
      const address = changed({ pathname: `/${name}` })
      await expect(openStore(address)).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        message: expect.stringMatching(/LATIN1/),
      })
    } finally {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await client.end()
    }
  })

  it('needs no right to make a schema where an empty one is there', async () => {
    await database.query(`CREATE ROLE guest_${database.name} LOGIN PASSWORD '${password}';
      CREATE SCHEMA chiaro AUTHORIZATION guest_${database.name}`)
    try {
      const address = changed({ username: `guest_${database.name}` })
      await using store = await openStore(address)
      expect(await store.advisories.import(source(manyAdvisories(1, '1')), never)).toMatchObject({ records: 2 })
    } finally {
      await database.query(`DROP OWNED BY guest_${database.name}; DROP ROLE guest_${database.name}`)
    }
  })
})

describe('without the right to write', () => {
  it('reads, and says so when it is to write', async () => {
    await expect(openStore(database.address, { readOnly: true })).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    await importOnce('1')
    await using store = await openStore(database.address, { readOnly: true })
    expect(await store.advisories.status()).toMatchObject([{ records: 200 }])
    expect(await store.verify()).toEqual([])
    await store.index.putImage(indexReport, 'a')
    expect(await store.index.image(digest('5'), 'a')).toBeUndefined()
    const failure = { code: 'DATABASE_FAILED' }
    await expect(store.index.putImage(indexReport, 'a', true)).rejects.toMatchObject(failure)
    await expect(store.index.removeImages([digest('5')])).rejects.toMatchObject(failure)
    await expect(store.advisories.import(source([]), never)).rejects.toMatchObject(failure)
    await expect(store.advisories.checked('debian', 'x')).rejects.toMatchObject(failure)
    await expect(store.gc('2999-01-01')).rejects.toMatchObject(failure)
  })

  it('is the same for a user who may only read', async () => {
    await importOnce('1')
    const guest = `guest_${database.name}`
    await database.query(`CREATE ROLE ${guest} LOGIN PASSWORD '${password}'; GRANT USAGE ON SCHEMA chiaro TO ${guest};
      GRANT SELECT ON ALL TABLES IN SCHEMA chiaro TO ${guest}`)
    try {
      await using store = await openStore(changed({ username: guest }))
      expect(await store.advisories.status()).toMatchObject([{ records: 200 }])
      await store.index.putImage(indexReport, 'a')
      expect(await store.index.image(digest('5'), 'a')).toBeUndefined()
      await expect(store.advisories.import(source(manyAdvisories(1, '2')), never)).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        advice: expect.stringMatching(/rights/),
      })
    } finally {
      await database.query(`DROP OWNED BY ${guest}; DROP ROLE ${guest}`)
    }
  })
})

describe('several processes', () => {
  it('that start at once make one set of tables', async () => {
    const run = promisify(execFile)
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [child, 'import-once', database.address])))
    await using store = await openStore(database.address)
    expect((await store.advisories.status()).map(({ records }) => records)).toEqual(Array(4).fill(200))
    expect(await database.query('SELECT version FROM schema_version')).toHaveLength(1)
    expect(await store.verify()).toEqual([])
  })

  it('work one after the other under one name, and side by side under two', async () => {
    await using one = await openStore(database.address)
    await using two = await openStore(database.address)
    const order: string[] = []
    const work = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      order.push(`${name} ends`)
    }
    await Promise.all([one.lock('a', never, work('one')), two.lock('a', never, work('two'))])
    expect(order.map((text) => text.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends'])
    order.length = 0
    await Promise.all([one.lock('a', never, work('one')), two.lock('b', never, work('two'))])
    expect(order.map((text) => text.split(' ')[1])).toEqual(['begins', 'begins', 'ends', 'ends'])
    order.length = 0
    await Promise.all([one.lock('a', never, work('one')), one.lock('a', never, work('two'))])
    expect(order.map((text) => text.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends'])
  })

  it('use a connection again, after work that failed too, and leave no lock on it', async () => {
    await using one = await openStore(database.address)
    await using two = await openStore(database.address)
    const pids = new Set<number>()
    const work = async () => {
      const sql = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
      for (const { pid } of await database.query<{ pid: number }>(sql)) pids.add(pid)
    }
    await one.lock('a', never, work)
    const failing = one.lock('a', never, async () => {
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    await one.advisories.import(source(manyAdvisories(10, '1')), never)
    await one.lock('b', never, work)
    expect(pids.size).toBe(1)
    await two.lock('a', never, work)
    await two.lock('b', never, work)
    expect(pids.size).toBe(2)
  })

  it('do not wait for a lock longer than they are to', async () => {
    await using one = await openStore(database.address)
    await using two = await openStore(database.address)
    const controller = new AbortController()
    await one.lock('a', never, async () => {
      setTimeout(() => controller.abort(), 50)
      const waiting = two.lock('a', controller.signal, async () => expect.unreachable())
      await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    })
  })

  it('keep a report that is required, however long another writes', async () => {
    await using store = await openStore(database.address)
    const other = new Client(database.adminAddress)
    await other.connect()
    try {
      await other.query('BEGIN; LOCK TABLE chiaro.image IN SHARE MODE')
      await store.index.putImage(indexReport, 'a')
      expect(await store.index.image(digest('5'), 'a')).toBeUndefined()
      const required = store.index.putImage(indexReport, 'a', true)
      await new Promise((resolve) => setTimeout(resolve, limits.databaseCacheWait + 200))
      await other.query('ROLLBACK')
      await required
      expect(await store.index.image(digest('5'), 'a')).toEqual(indexReport)
    } finally {
      await other.end()
    }
  })

  it('one that is killed at any moment leaves the last good generation', async () => {
    await using store = await openStore(database.address)
    for (let round = 0; round < 8; round++) {
      const running = spawn(process.execPath, [child, 'import-for-ever', database.address], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await firstLine(running)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500))
      const exited = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGKILL')
      await exited
      expect(await store.verify()).toEqual([])
      const [status] = await store.advisories.status()
      if (status === undefined) continue
      const keys = Array.from({ length: 500 }, (_, index) => ({ scope: 'debian:12', name: `package-${index}` }))
      const found = await store.advisories.candidates(keys)
      expect(found).toHaveLength(3000)
      expect(new Set(found.map(({ statement }) => statement.fixedIn))).toEqual(new Set([status.fingerprint]))
    }
    expect((await store.advisories.status())[0]!.generation).toBeGreaterThan(1)
  })

  function firstLine(running: ChildProcess): Promise<unknown> {
    return new Promise((resolve) => running.stdout!.once('data', resolve))
  }
})

describe('an import', () => {
  it('that is cancelled while the server works ends at once, and nothing of it goes on there', async () => {
    await importOnce('1')
    await using store = await openStore(database.address)
    const controller = new AbortController()
    // Another transaction holds the table that the end of the import needs.
    const other = new Client(database.adminAddress)
    await other.connect()
    try {
      await other.query('BEGIN; LOCK TABLE chiaro.statement IN SHARE MODE')
      const running = store.advisories.import(source(manyAdvisories(100, '2')), controller.signal)
      setTimeout(() => controller.abort(), 500)
      const started = performance.now()
      await expect(running).rejects.toMatchObject({ code: 'ABORTED' })
      expect(performance.now() - started).toBeLessThan(5000)
      await expect
        .poll(() =>
          database.query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database()
          AND usename = 'chiaro' AND state <> 'idle'`),
        )
        .toEqual([])
    } finally {
      await other.end()
    }
    expect(await store.advisories.import(source(manyAdvisories(100, '2')), never)).toMatchObject({ changed: 200 })
  })

  it('whose connection is ended by the server fails, and leaves the data', async () => {
    await importOnce('1')
    await using store = await openStore(database.address)
    const before = await store.advisories.status()
    async function* records() {
      yield* manyAdvisories(50, '2')
      await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`)
      yield* manyAdvisories(100, '2')
    }
    await expect(store.advisories.import(source(records()), never)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect(await store.advisories.status()).toEqual(before)
    expect(await store.verify()).toEqual([])
    expect(await store.advisories.import(source(manyAdvisories(100, '2')), never)).toMatchObject({ changed: 200 })
  })

  it('during which the server dies fails, and leaves the data for when it is back', async () => {
    const cluster = await startCluster()
    try {
      const address = cluster.address('postgres', 'admin')
      await using store = await openStore(address)
      await store.advisories.import(source(manyAdvisories(100, '1')), never)
      async function* records() {
        yield* manyAdvisories(50, '2')
        await cluster.kill()
        yield* manyAdvisories(100, '2')
      }
      await expect(store.advisories.import(source(records()), never)).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        advice: expect.stringMatching(/server/),
      })
      // The first to ask may still get a connection that has just ended.
      const failure = () => store.advisories.status().catch((error: { code: string; message: string }) => error)
      await expect
        .poll(failure)
        .toMatchObject({ code: 'DATABASE_FAILED', message: expect.stringMatching(/ECONNREFUSED/) })
      await expect(openStore(address)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      await cluster.restart()
      expect(await store.verify()).toEqual([])
      const found = await store.advisories.candidates([{ scope: 'debian:12', name: 'package-7' }])
      expect(found.map(({ statement }) => statement.fixedIn)).toEqual(['1'])
      expect(await store.advisories.import(source(manyAdvisories(100, '2')), never)).toMatchObject({ changed: 200 })
    } finally {
      await cluster.stop()
    }
  })
})

describe('damage', () => {
  it('is found by verify, and is no answer', async () => {
    await importOnce('1')
    await importOnce('2')
    await using store = await openStore(database.address)
    const keys = manyAdvisories(100, '').flatMap(({ statements }) => statements.map(({ key }) => key))
    const damages = [
      'DELETE FROM claim',
      'DELETE FROM package WHERE id = (SELECT min(id) FROM package)',
      'DELETE FROM statement WHERE package = (SELECT min(id) FROM package)',
      'DELETE FROM statement_history WHERE package = (SELECT min(id) FROM package)',
      'DELETE FROM vulnerability WHERE id = (SELECT min(id) FROM vulnerability)',
      'DELETE FROM body_block',
      `UPDATE body_block SET content = '\\x00'`,
      'UPDATE vulnerability SET place = 100000',
      'UPDATE vulnerability SET to_gen = 2 WHERE id = (SELECT min(id) FROM vulnerability)',
      'UPDATE vulnerability SET from_gen = 2 WHERE id = (SELECT min(id) FROM vulnerability)',
      'UPDATE scope SET statements = statements + 1',
      'UPDATE statement SET from_gen = 7',
      'UPDATE statement_history SET to_gen = from_gen',
      'UPDATE statement_history SET to_gen = 9',
      'UPDATE generation SET statements = statements - 1 WHERE number = 1',
      'DELETE FROM generation WHERE number = 2',
      'INSERT INTO scope (feed, name, statements) SELECT feed, name, statements FROM scope',
    ]
    const tables = [
      'claim',
      'package',
      'statement',
      'statement_history',
      'vulnerability',
      'body_block',
      'scope',
      'generation',
    ]
    for (const table of tables) await database.query(`CREATE TABLE kept_${table} AS TABLE ${table}`)
    const restore = tables.map((table) => {
      const override = ['statement', 'statement_history', 'generation'].includes(table) ? '' : 'OVERRIDING SYSTEM VALUE'
      return `DELETE FROM ${table}; INSERT INTO ${table} ${override} SELECT * FROM kept_${table}`
    })
    for (const sql of damages) {
      await database.query(sql)
      expect((await store.verify()).length, sql).toBeGreaterThan(0)
      const failure = await store.advisories.candidates(keys).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure !== undefined) expect(failure, sql).toMatchObject({ code: 'DATABASE_FAILED' })
      await database.query(restore.join('; '))
      expect(await store.verify(), sql).toEqual([])
    }
  })
})
