import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chiaro } from '../support/command.ts'
import { createPostgres, type PostgresDatabase } from '../support/postgres.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
const image = `oci-layout:${join(examples, 'image')}:debian`
const offline = ['--mirror', join(examples, 'feeds'), '--offline']
let database: PostgresDatabase

beforeAll(async () => {
  database = await createPostgres()
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database.remove()
})

describe('every command takes a PostgreSQL database', () => {
  it('scan finds what it finds with a file, the first time and again', async () => {
    const scan = (db: string) => chiaro(['scan', image, '--db', db, ...offline, '--format', 'json'])
    const findings = (stdout: string) => (JSON.parse(stdout) as { findings: readonly unknown[] }).findings
    const file = await scan(join(folder, 'chiaro.db'))
    for (const time of ['first', 'again']) {
      const result = await scan(database.address)
      expect(result, time).toMatchObject({ code: file.code, stderr: file.stderr })
      expect(findings(result.stdout), time).toEqual(findings(file.stdout))
    }
    expect(findings(file.stdout).length).toBeGreaterThan(0)
  })

  it('so do update, data, verify and gc, by the option or the environment, and none of them says the password', async () => {
    const env = { CHIARO_DB: database.address }
    const results = [
      await chiaro(['update', 'debian', '--db', database.address, ...offline]),
      await chiaro(['data'], { env }),
      await chiaro(['data', '--format', 'json'], { env }),
      await chiaro(['data', 'verify'], { env }),
      await chiaro(['data', 'gc', '--db', database.address]),
      await chiaro(['--help'], { env }),
      await chiaro(['data', '--help'], { env }),
    ]
    for (const { code, stdout, stderr } of results) {
      expect(code, stdout + stderr).toBe(0)
      expect(stdout + stderr).not.toMatch(/p@ss|p%40ss/)
    }
    const shown = `postgres://chiaro@${new URL(database.address).host}/${database.name}`
    expect(results[1]!.stdout).toContain(`Database: ${shown}`)
    expect(JSON.parse(results[2]!.stdout)).toMatchObject({ database: shown })
    expect(results[3]!.stdout).toBe(`The database is sound: ${shown}\n`)
  })

  it('says what is wrong with one that does not answer, without the password', async () => {
    const address = Object.assign(new URL(database.address), { port: '1' }).href
    for (const env of [{}, { CHIARO_DEBUG: '1' }]) {
      const { code, stdout, stderr } = await chiaro(['data', '--db', address], { env })
      expect(code).toBe(2)
      expect(stderr).toMatch(/DATABASE_FAILED/)
      expect(stderr).toMatch(/ECONNREFUSED/)
      expect(stdout + stderr).not.toMatch(/p@ss|p%40ss/)
    }
  })

  it('ends when it is interrupted in mid-import, and leaves the database whole', async () => {
    const stop = { signal: 'SIGINT', after: 400 } as const
    await chiaro(['update', '--force', '--db', database.address, ...offline], { stop })
    expect(await chiaro(['data', 'verify', '--db', database.address])).toMatchObject({ code: 0 })
  })
})
