import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chiaro } from '../support/command.ts'
import { createPostgres, type PostgresDatabase } from '../support/postgres.ts'

const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'examples')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-built-'))
const main = join(folder, 'dist', 'main.js')
const offline = ['--mirror', join(examples, 'feeds'), '--offline']
let database: PostgresDatabase

beforeAll(async () => {
  const { NODE_OPTIONS: _, ...env } = process.env
  const built = spawnSync(process.execPath, ['scripts/build.ts', join(folder, 'dist')], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  expect(built, built.stdout + built.stderr).toMatchObject({ status: 0 })
  database = await createPostgres()
}, 120_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database?.remove()
})

// What bundling does to the code shows nowhere else: all other tests run the sources.
describe('the command as it is built', () => {
  it.each([
    ['a file', () => join(folder, 'chiaro.db')],
    ['PostgreSQL', () => database.address],
  ])('does with %s what the sources do', { timeout: 120_000 }, async (name, address) => {
    const run = async (...args: string[]) => {
      const result = await chiaro([...args, '--db', address()], { main })
      expect(result, result.stderr).toMatchObject({ code: 0 })
      return result.stdout
    }
    const scan = ['scan', `oci-layout:${join(examples, 'image')}:debian`, ...offline, '--format', 'json']
    const expected = await chiaro([...scan, '--db', join(folder, `${name}.db`)])
    const findings = (stdout: string) => (JSON.parse(stdout) as { findings: readonly unknown[] }).findings
    await run('update', 'debian', 'kev', 'epss', ...offline)
    expect(findings(await run(...scan))).toEqual(findings(expected.stdout))
    expect(findings(await run(...scan))).toEqual(findings(expected.stdout))
    const exported = join(folder, `${name}.chiaro`)
    expect(await run('data', 'export', exported)).toContain('Wrote')
    expect(await run('data', 'import', exported)).toContain('Imported 0 feeds')
    expect(await run('data', 'diff', 'debian')).toContain('CVE-2099-')
    expect(await run('data', 'gc')).not.toBe('')
    expect(await run('data', 'verify')).toContain('The database is sound')
  })
})
