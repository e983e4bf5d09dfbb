import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chiaro } from '../support/command.ts'
import { sampleFile } from '../support/feed-samples.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { mirrorOf } from '../support/feeds.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-data-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const database = join(folder, 'chiaro.db')
const data = (...args: readonly string[]) => chiaro(['data', ...args, '--db', database])

const kevFile = 'www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'

/** A catalog of known exploited vulnerabilities: ids, and the days they were added on. */
function catalog(days: Readonly<Record<string, string>>): string {
  const vulnerabilities = Object.entries(days).map(([cveID, dateAdded]) => ({
    ...{ cveID, dateAdded, dueDate: '', knownRansomwareCampaignUse: 'Unknown' },
  }))
  return JSON.stringify({ vulnerabilities })
}

const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`CVE-2099-${1000 + index}`, '2099-01-01']))

describe('chiaro data gaps', () => {
  beforeAll(async () => {
    const secdb = (...entries: readonly string[]) =>
      JSON.stringify({ packages: [{ pkg: { name: 'sample', secfixes: { '1.0-r1': entries } } }] })
    const mirror = mirrorOf({
      [kevFile]: catalog({ ...many, 'CVE-2099-0009': 'tomorrow' }),
      'packages.wolfi.dev/os/security.json': secdb(...Object.keys(many)),
      'packages.cgr.dev/chainguard/security.json': secdb('(nothing)'),
    })
    const update = ['update', 'kev', 'wolfi', 'chainguard', '--mirror', mirror, '--offline', '--db', database]
    expect((await chiaro(update)).code).toBe(2)
  })

  it('lists what of a feed was left out, by its id, whether an image needs it or not', async () => {
    const { code, stdout } = await data('gaps')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^kev +CVE-2099-0009 +It was left out: \/dateAdded/m)
    expect(stdout).toContain('kev: 1 record could not be read and was left out.\n')
    expect((await data('gaps', 'wolfi')).stdout).toBe('Every record could be read.\n')
  })

  it('has a form for programs', async () => {
    const lines = (await data('gaps', 'kev', '--format', 'json')).stdout.split('\n').filter((line) => line !== '')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { feed: 'kev', code: 'data-record-unreadable', where: 'CVE-2099-0009', detail: expect.any(String) },
    ])
  })

  it('knows the feeds that are loaded, which one is not of which too much could not be read', async () => {
    const { code, stderr } = await data('gaps', 'chainguard')
    expect(code).toBe(2)
    expect(stderr).toContain('FEED_UNKNOWN')
    expect((await data()).stdout).toMatch(/chainguard: FEED_FAILED.*\n.*could not be read/)
  })
})

describe('chiaro data diff of facts', () => {
  beforeAll(async () => {
    for (const days of [many, { ...many, 'CVE-2099-1000': '2099-02-02', 'CVE-2099-3000': '2099-02-02' }]) {
      const { 'CVE-2099-1001': _, ...rest } = days
      const content = catalog(days === many ? days : rest)
      const mirror = mirrorOf({ [kevFile]: content, [epssFile]: scores })
      const update = ['update', 'kev', 'epss', '--mirror', mirror, '--offline', '--db', facts, '--force']
      expect((await chiaro(update)).code).toBe(0)
    }
  })

  const facts = join(folder, 'facts.db')
  const epssFile = 'epss.cyentia.com/epss_scores-current.csv.gz'
  const scores = gzipSync(
    '#model_version:v2025.03.14,score_date:2099-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2099-1000,0.5,0.9\n',
  )
  const diff = (...args: readonly string[]) => chiaro(['data', 'diff', ...args, '--db', facts])

  it('lists what was added, changed and withdrawn by name, and how many there are', async () => {
    const { code, stdout } = await diff('kev')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^changed +CVE-2099-1000 +\["2099-01-01",null,false\] +\["2099-02-02",null,false\]$/m)
    expect(stdout).toMatch(/^withdrawn +CVE-2099-1001 /m)
    expect(stdout).toMatch(/^added +CVE-2099-3000 /m)
    expect(stdout).toMatch(/generation 1 .* to generation 2 .*: facts: 1 added, 1 changed, 1 withdrawn\.\n$/)
    expect((await diff('kev', '0', '1')).stdout).toMatch(/from nothing to generation 1 .*: facts: 50 added\.\n$/)
  })

  it('has a form for programs', async () => {
    const lines = (await diff('kev', '--format', 'json')).stdout.split('\n').filter((line) => line !== '')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ...{ change: 'changed', fact: 'CVE-2099-1000' },
        ...{ before: ['2099-01-01', null, false], after: ['2099-02-02', null, false] },
      },
      { change: 'withdrawn', fact: 'CVE-2099-1001', before: ['2099-01-01', null, false], after: null },
      { change: 'added', fact: 'CVE-2099-3000', before: null, after: ['2099-02-02', null, false] },
    ])
  })

  it('says so of a feed of which only the current state is kept', async () => {
    const { code, stderr } = await diff('epss')
    expect(code).toBe(2)
    expect(stderr).toContain('error CONFIG_INVALID: of epss only the current state is kept')
  })
})

it('chiaro data tells where each feed was loaded from: a mirror, a file or URL that took the place of its source', async () => {
  const file = join(folder, 'kev.json')
  writeFileSync(file, catalog(many))
  const mirror = mirrorOf({ [kevFile]: catalog(many) })
  await using server = await serveFeeds([sampleFile(kevFile, Buffer.from(catalog(many)))])
  const urlOf = async (...args: readonly string[]) => {
    const db = ['--db', join(folder, 'places.db')]
    expect((await chiaro(['update', 'kev', '--force', ...args, ...db])).code).toBe(0)
    const { feeds } = JSON.parse((await chiaro(['data', '--format', 'json', ...db])).stdout)
    return feeds.map(({ feed, url }: { feed: string; url: string }) => [feed, url])
  }
  expect(await urlOf('--mirror', mirror)).toEqual([['kev', join(mirror, kevFile)]])
  expect(await urlOf('--mirror', mirror, '--source', `https://${kevFile}=${file}`)).toEqual([['kev', file]])
  const other = server.url.replace('//', '//user:secret@')
  expect(await urlOf('--mirror', other)).toEqual([['kev', `${server.url}/${kevFile}`]])
})
