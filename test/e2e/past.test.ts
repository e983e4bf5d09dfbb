import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scan } from '../../src/index.ts'
import { chiaro } from '../support/command.ts'
import { debianFiles } from '../support/debian-mirror.ts'
import { mirrorOf } from '../support/feeds.ts'
import { writeDebianRoot } from '../support/roots.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-past-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const database = join(folder, 'chiaro.db')
const root = join(folder, 'root')
const image = `rootfs:${root}`
/** Times between the states of the feed, the first before any. */
const times: string[] = []

/** A document of Debian's tracker: what is fixed in which version of curl; `undefined`: not yet. */
function tracker(versions: Readonly<Record<string, string | undefined>>): string {
  const issues = Object.entries(versions).map(([id, version]) => {
    const state = version === undefined ? { status: 'open' } : { status: 'resolved', fixed_version: version }
    return [id, { description: id, releases: { bookworm: { ...state, urgency: 'low' } } }]
  })
  return JSON.stringify({ curl: Object.fromEntries(issues) })
}

const states = [
  { 'CVE-2099-1': undefined, 'CVE-2099-2': '2.0' },
  { 'CVE-2099-1': '2.0', 'CVE-2099-3': '2.0' },
].map(tracker)

async function now(): Promise<string> {
  await sleep(20)
  const time = new Date().toISOString()
  await sleep(20)
  return time
}

beforeAll(async () => {
  writeDebianRoot(root, 'ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n', [{ name: 'curl', version: '1.0' }])
  times.push(await now())
  for (const state of states) {
    const mirror = mirrorOf(debianFiles(state))
    const updated = await chiaro(['update', 'debian', '--mirror', mirror, '--db', database])
    expect(updated).toMatchObject({ code: 0 })
    times.push(await now())
  }
})

const diff = (...args: readonly string[]) => chiaro(['data', 'diff', ...args, '--db', database])
const scanned = (...args: readonly string[]) =>
  chiaro(['scan', image, '--format', 'json', '--offline', '--db', database, ...args])

it('a scan answers with the data as it was, and says so', async () => {
  const found: unknown[] = []
  for (const asOf of [...times, undefined]) {
    const { code, stdout, stderr } = await scanned(...(asOf === undefined ? [] : ['--as-of', asOf]))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const report = JSON.parse(stdout)
    expect(report.asOf).toBe(asOf ?? null)
    found.push([
      report.data[0].generation,
      report.findings.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`).sort(),
      report.gaps.map(({ code }: { code: string }) => code).filter((code: string) => code.startsWith('data-')),
    ])
  }
  const second = [2, ['CVE-2099-1 fixed', 'CVE-2099-3 fixed'], []]
  expect(found).toEqual([[0, [], ['data-missing']], [1, ['CVE-2099-1 open', 'CVE-2099-2 fixed'], []], second, second])
})

it('reads the time from CHIARO_AS_OF, and from the library', async () => {
  const env = { CHIARO_AS_OF: times[1] }
  const { stdout } = await chiaro(['scan', image, '--offline', '--db', database], { env })
  expect(stdout).toContain(`As of         ${times[1]}, with the data of then\n`)
  expect(stdout).toContain('debian: generation 1 of ')
  const report = await scan(image, { database, offline: true, asOf: times[1]! })
  expect(report.data[0]).toMatchObject({ feed: 'debian', generation: 1 })
  await expect(scan(image, { database, asOf: 'yesterday' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

it('a scan of the past asks nobody for data', async () => {
  // There is no network, and data of this age would have to be fetched.
  const args = ['--max-data-age', '0s', '--as-of', times[1]!, '--strict']
  const { code, stdout } = await chiaro(['scan', image, '--db', database, '--mirror', mirrorOf({}), ...args])
  expect(code).toBe(0)
  expect(stdout).toContain('CVE-2099-2')
})

it.each([
  ['2999-01-01', 'has not come yet'],
  ['soon', 'is not a day or time'],
])('a scan as of %s is refused', async (time, message) => {
  const { code, stdout, stderr } = await scanned('--as-of', time)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('a diff shows the last change, or what changed between numbers and times', async () => {
  const expected = {
    first: ['added CVE-2099-1 null open', 'added CVE-2099-2 null fixed'],
    last: ['changed CVE-2099-1 open fixed', 'withdrawn CVE-2099-2 fixed null', 'added CVE-2099-3 null fixed'],
    both: ['added CVE-2099-1 null fixed', 'added CVE-2099-3 null fixed'],
  }
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], expected.last],
    [['1'], expected.last],
    [['1', '2'], expected.last],
    [[times[1]!], expected.last],
    [[times[1]!, times[2]!], expected.last],
    [['0', '1'], expected.first],
    [[times[0]!, times[1]!], expected.first],
    [['0'], expected.both],
    [[times[0]!], expected.both],
    [['2'], []],
  ]
  for (const [args, changes] of cases) {
    const { code, stdout, stderr } = await diff('debian', ...args, '--format', 'json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = stdout
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text))
    for (const { scope, package: name } of found) expect([scope, name]).toEqual(['debian:12', 'curl'])
    expect(
      found.map(
        ({ change, vulnerability, before, after }) =>
          `${change} ${vulnerability} ${before?.fix ?? null} ${after?.fix ?? null}`,
      ),
      args.join(),
    ).toEqual(changes)
  }
  const { stdout } = await diff('debian')
  expect(stdout).toMatch(
    /^changed +debian:12 +curl +CVE-2099-1 +open, unimportant|^changed +debian:12 +curl +CVE-2099-1 +open, low/m,
  )
  expect(stdout).toMatch(/generation 1 \(.+\) to generation 2 \(.+\): 1 added, 1 changed, 1 withdrawn\.\n$/)
})

it.each([
  [['debian', '7'], 'CONFIG_INVALID', 'has no generation 7'],
  [['debian', '2', '1'], 'CONFIG_INVALID', 'debian was not at 2 before it was at 1'],
  [['debian', '0', '2000-01-01'], 'CONFIG_INVALID', 'had no data at 2000-01-01'],
  [['debian', 'x'], 'CONFIG_INVALID', 'is not a day or time'],
  [['alpine-3.18-main'], 'FEED_UNKNOWN', 'was never loaded'],
])('a diff of %j is refused', async (args, code, message) => {
  const result = await diff(...args)
  expect(result).toMatchObject({ code: 2, stdout: '' })
  expect(result.stderr).toContain(`error ${code}: `)
  expect(result.stderr.replaceAll(/\s+/g, ' ')).toContain(message)
})

it('what was removed is not made up', async () => {
  expect(await chiaro(['data', 'gc', '--db', database])).toMatchObject({ code: 0 })
  expect((await diff('debian')).code).toBe(0) // a year is kept
  expect(await chiaro(['data', 'gc', '--keep', '0', '--db', database])).toMatchObject({ code: 0 })
  for (const args of [[], ['0'], [times[1]!]]) {
    const { code, stderr } = await diff('debian', ...args)
    expect([code, stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringMatching(/is not kept any more|has no generation/),
    ])
  }
  const report = JSON.parse((await scanned('--as-of', times[1]!)).stdout)
  expect(report.gaps).toMatchObject([{ code: 'data-missing', detail: expect.stringContaining('not kept any more') }])
})
