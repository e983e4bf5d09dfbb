import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { update } from '../../src/index.ts'
import { chiaro } from '../support/command.ts'
import { sampleFile } from '../support/feed-samples.ts'
import { serveFeeds } from '../support/feed-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-sources-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const samples = join(import.meta.dirname, '..', '..', 'src', 'ecosystems')
const alpine = join(samples, 'alpine', 'testdata', 'secdb.alpinelinux.org', 'v3.18', 'main.json')
const wolfi = join(samples, 'wolfi', 'testdata', 'packages.wolfi.dev')

it('feeds come from other places than their own: a file, a directory, a URL, each by its option', async () => {
  const kev = sampleFile('copies/kev.json', Buffer.from(kevDocument('CVE-2099-0001')))
  await using server = await serveFeeds([kev])
  const { code, stdout } = await chiaro([
    ...['update', 'alpine-3.18-main', 'wolfi', 'kev', '--db', join(folder, 'options.db'), '--mirror', folder],
    ...['--source', `https://secdb.alpinelinux.org/v3.18/main.json=${alpine}`],
    ...['--source', `https://packages.wolfi.dev/=${wolfi}`],
    ...['--source', `${kevUrl}=${server.url}/copies/kev.json`],
  ])
  expect(code, stdout).toBe(2)
  // Of the samples of Alpine and Wolfi more records are damaged than a feed may have: they were read.
  expect(stdout).toMatch(/kev +imported/)
  expect(stdout.match(/could not be read/g)).toHaveLength(2)
})

it('CHIARO_SOURCES names several, and the library has an option', async () => {
  const file = sampleFile('kev.json', Buffer.from(kevDocument('CVE-2099-0001')))
  await using server = await serveFeeds([file])
  const env = { CHIARO_SOURCES: `https://nvd.example.org/=${folder}\n ${kevUrl}=${server.url}/kev.json ` }
  const args = ['update', 'kev', '--db', join(folder, 'environment.db')]
  expect(await chiaro(args, { env })).toMatchObject({ code: 0 })
  const sources = { [kevUrl]: `${server.url}/kev.json` }
  expect(await update(['kev'], { database: 'sqlite::memory:', sources })).toMatchObject([{ outcome: 'imported' }])
  expect(server.requests.length).toBe(2)
})

const kevUrl = 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'

function kevDocument(cveID: string): string {
  const entry = { cveID, dateAdded: '2099-01-01', dueDate: '', knownRansomwareCampaignUse: 'Unknown' }
  return JSON.stringify({ vulnerabilities: [entry] })
}
