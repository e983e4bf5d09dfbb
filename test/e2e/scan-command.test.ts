import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandResult, chiaro } from '../support/command.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'chiaro-scan-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const database = ['--db', join(folder, 'chiaro.db')]
const sources = ['--mirror', join(root, 'examples', 'feeds'), '--offline', ...database]
const debian = `oci-layout:${join(root, 'examples', 'image')}:debian`
const scan = (...args: string[]): Promise<CommandResult> => chiaro(['scan', debian, ...sources, ...args])

describe('chiaro scan of the bundled example', () => {
  it('prints the table, and is silent on standard error', async () => {
    const { code, stdout, stderr } = await scan()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Image +oci-layout:/)
    expect(stdout).toMatch(/HIGH +80 +CVE-2099-1002 +curl, libcurl4t64 +8\.14\.1-2\+deb13u2 +8\.14\.1-2\+deb13u3 +#2\n/)
    expect(stdout).toContain('Upgrading these 4 packages fixes 4 of 8 findings (4 high):')
    expect(stdout).not.toContain('\u001b')
  })

  it('prints JSON that follows the published schema, the same bytes again', async () => {
    const first = await scan('--format', 'json')
    const ajv = new Ajv2020({ strictTypes: false })
    addFormats.default(ajv)
    const validate = ajv.compile(JSON.parse(readFileSync(join(root, 'docs/schema/report-1.json'), 'utf8')))
    expect(validate(JSON.parse(first.stdout)), JSON.stringify(validate.errors)).toBe(true)
    expect((await scan('--format', 'json')).stdout).toBe(first.stdout)
  })

  it('writes several formats in one run', async () => {
    const reports = join(folder, 'reports')
    mkdirSync(reports)
    const files = [join(reports, 'report.json'), join(reports, 'report.txt')]
    const { code, stdout } = await scan('--output', `json=${files[0]}`, '--output', `table=${files[1]}`)
    expect(code).toBe(0)
    expect(readdirSync(reports).sort()).toEqual(['report.json', 'report.txt'])
    expect(JSON.parse(readFileSync(files[0]!, 'utf8')).findings).toHaveLength(8)
    expect(readFileSync(files[1]!, 'utf8')).toBe(stdout)
    expect((await scan('--output', 'json=-')).stdout).toBe(readFileSync(files[0]!, 'utf8'))
  })

  it('sorts by risk, and does without what it is computed from', async () => {
    const idsOf = ({ stdout }: CommandResult) =>
      new Set([...stdout.matchAll(/^[A-Z]+ .*(CVE-2099-1\d{3})/gm)].map((match) => match[1]))
    const order = ['CVE-2099-1002', 'CVE-2099-1004', 'CVE-2099-1005', 'CVE-2099-1003']
    expect([...idsOf(await scan('--sort', 'risk'))]).toEqual(order)
    const plain = await scan('--no-enrich', '--sort', 'risk')
    expect([...idsOf(plain)]).toEqual(order)
    expect(plain.stdout).not.toMatch(/RISK|KEV|Enrichment/)
    const env = { CHIARO_NO_ENRICH: '1', CHIARO_SORT: 'severity', CHIARO_FORMAT: 'json' }
    const { stdout } = await chiaro(['scan', debian, ...sources], { env })
    expect(JSON.parse(stdout)).toMatchObject({ enrichment: [], gaps: [] })
  })

  it('filters what is shown, and says so', async () => {
    const { code, stdout } = await scan('--severity', 'high', '--only-fixed')
    expect(code).toBe(0)
    expect(stdout).not.toContain('CVE-2099-1003')
    expect(stdout).toContain('4 more findings are hidden by --severity high and --only-fixed.')
  })

  it.each([
    [['--fail-on', 'critical'], 0],
    [['--fail-on', 'high'], 1],
    [['--fail-on', 'negligible', '--severity', 'critical'], 1],
    [['--fail-on', 'any'], 1],
    [['--fail-on', 'high', '--strict'], 1],
    [['--strict'], 0],
  ])('%j exits with %i', async (args, expected) => {
    const { code, stderr } = await scan(...args)
    expect(code).toBe(expected)
    expect(stderr === '').toBe(expected === 0)
  })

  it('exits with 3 for gaps under --strict, and says which in the report', async () => {
    const args = ['scan', debian, '--offline', '--db', join(folder, 'empty.db')]
    const relaxed = await chiaro(args)
    expect(relaxed.code).toBe(0)
    expect(relaxed.stdout).toContain('No known vulnerabilities found, but 1 gap: data-missing.')
    const strict = await chiaro([...args, '--strict'])
    expect({ code: strict.code, stderr: strict.stderr }).toEqual({ code: 3, stderr: 'failed by --strict: 1 gap\n' })
    expect((await chiaro([...args, '--strict', '--quiet'])).stderr).toBe('')
  })

  it('exits with 2 for an image that is not there', async () => {
    const { code, stdout, stderr } = await chiaro(['scan', `oci-layout:${join(folder, 'missing')}`, ...sources])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error [A-Z_]+: .+\n {2}where: /)
  })
})

describe('chiaro update and data', () => {
  const args = ['--db', join(folder, 'data.db')]
  const update = (...more: string[]) =>
    chiaro(['update', ...more, '--mirror', join(root, 'examples', 'feeds'), '--offline', ...args])
  let first: CommandResult
  beforeAll(async () => {
    first = await update('debian')
  })

  it('imports a feed, and finds it unchanged the next time', async () => {
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/debian +imported +\d+ +\d+ new\n[\s\S]*3 feeds are up to date\.\n/)
    expect((await update('debian')).stdout).toMatch(/debian +unchanged/)
  })

  it('exits with 2 for a feed that fails, and for one that nobody knows', async () => {
    const failed = await chiaro(['update', 'alpine-3.22-main', '--offline', ...args])
    expect(failed.code).toBe(2)
    expect(failed.stdout).toMatch(/alpine-3.22-main +failed[\s\S]*OFFLINE/)
    const unknown = await update('nonsense')
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/^error FEED_UNKNOWN: /)
  })

  it('shows what is loaded', async () => {
    const { code, stdout } = await chiaro(['data', ...args])
    expect(code).toBe(0)
    expect(stdout).toMatch(/debian +just now +just now +\d+ +0\n/)
    const json = JSON.parse((await chiaro(['data', '--format', 'json', ...args])).stdout)
    expect(json).toMatchObject({ schemaVersion: 1, database: args[1] })
    expect(json.notLoaded).toContain('alpine-3.22-main')
    expect(json.feeds.find(({ feed }: { feed: string }) => feed === 'debian')).toMatchObject({
      feed: 'debian',
      generation: 1,
      gaps: 0,
      lastError: null,
    })
  })

  it('verifies and cleans the database that is meant, wherever --db stands', async () => {
    for (const order of [
      ['data', 'verify', ...args],
      ['data', ...args, 'verify'],
    ]) {
      expect(await chiaro(order)).toMatchObject({ code: 0, stdout: `The database is sound: ${args[1]}\n` })
    }
    expect((await chiaro(['data', 'gc', '--keep', '0', ...args])).stdout).toMatch(/^Removed \d+ statements?, /)
  })
})
