import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ecosystems } from '../../src/ecosystems/registry.ts'
import { enrichers } from '../../src/enrich/registry.ts'
import { feedFamilies } from '../../src/feeds/registry.ts'
import { type CommandResult, chiaro } from '../support/command.ts'
import { feeds } from '../support/corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiaro-real-feeds-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const all = [...ecosystems, ...enrichers, ...feedFamilies]
  .filter(({ onRequest }) => !onRequest)
  .flatMap((family) => family.feeds())

/** The file that is the document of `url`. */
function fileOf(url: string): string {
  return join(feeds!, decodeURIComponent(url.replace('https://', '')))
}

/** Where documents were before they moved: a mirror may have them there. */
const moves = [
  [/^https:\/\/epss\.empiricalsecurity\.com\//, 'https://epss.cyentia.com/'],
  [/^https:\/\/packages\.broadcom\.com\/(.*)\.gz$/, 'https://packages.vmware.com/$1'],
] as const

/** Where a mirror has the document of `url`; `undefined` if it has none. A list of mirrors may be missing where the repository is there. */
function mirrored(url: string): string | undefined {
  const metadata = url.replace(/mirror\.list$/, 'repodata/repomd.xml')
  const places = [url, metadata, ...moves.map(([now, before]) => url.replace(now, before))].map(fileOf)
  return ['', '.gz', '.bz2', '.zst'].flatMap((suffix) => places.map((place) => place + suffix)).find(existsSync)
}

/** What is fetched first of a feed: of a year of NVD, what the file is recognised by. */
function firstOf(url: string): string {
  return url.replace(/(\/nvdcve-.*)\.json\.gz$/, '$1.meta')
}

describe.skipIf(feeds === undefined)('updating everything from real feeds (skipped without CHIARO_FEEDS)', () => {
  const database = join(folder, 'chiaro.db')
  const update = () => chiaro(['update', '--mirror', feeds!, '--db', database, '--offline'], { timeout: 300_000 })
  let first: CommandResult
  beforeAll(async () => {
    first = await update()
  }, 300_000)

  it('imports every feed that the mirror has, without a gap', () => {
    expect(first.code, first.stderr).toBe(all.every(({ url }) => mirrored(url)) ? 0 : 2)
    const outcomes = new Map([...first.stdout.matchAll(/^(\S+) +(imported|failed)(.*)$/gm)].map((row) => [row[1], row]))
    for (const { id, url } of all) {
      expect(outcomes.get(id)?.[2], id).toBe(mirrored(url) === undefined ? 'failed' : 'imported')
      expect(outcomes.get(id)?.[3], id).not.toContain('unreadable')
    }
  })

  it('names the file that the mirror does not have', () => {
    const text = first.stdout.replaceAll(/\s+/g, ' ')
    for (const { id, url } of all.filter(({ url }) => mirrored(url) === undefined)) {
      const file = fileOf(firstOf(url))
      expect(text).toContain(`FEED_FAILED: ${id} The mirror does not have this file (${file})`)
    }
  })

  it('a second time finds all of them unchanged, and the database is sound', async () => {
    const { stdout } = await update()
    for (const { id, url } of all) {
      // An API has no state to recognise it by: it is asked for what changed, and nothing did.
      const outcome = id === 'nvd-changes' ? 'imported +[0-9]+ +none' : 'unchanged'
      if (mirrored(url) !== undefined) expect(stdout).toMatch(new RegExp(`^${id} +${outcome}`, 'm'))
    }
    expect(await chiaro(['data', 'verify', '--db', database])).toMatchObject({ code: 0 })
  })
})
