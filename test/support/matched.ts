import { beforeAll, describe, expect, it } from 'vitest'
import { isFact, isGap, isRemoval } from '../../src/core/advisory.ts'
import { type Ecosystem, noFacts } from '../../src/core/ecosystem.ts'
import type { Feed } from '../../src/core/feed.ts'
import { comparedVersion, judge } from '../../src/core/judge.ts'
import type { Package, Release } from '../../src/core/package.ts'
import { feeds } from './corpus.ts'
import { type FeedContent, readFeed } from './feeds.ts'

/** What os-release says, of which most tests need but two fields. */
export function releaseNamed(id: string, versionId: string): Release {
  return { id, versionId, codename: '', prettyName: `${id} ${versionId}`, idLike: [], cpe: '' }
}

/** An rpm package: `name version arch`, of the source and the module stream that are given. */
export function rpmPackage(
  text: string,
  { source, module }: { readonly source?: string; readonly module?: string } = {},
): Package {
  const [name = '', version = '', arch = 'x86_64'] = text.split(' ')
  const [, sourceName = name, sourceVersion = version] = /^(\S+) (\S+)$/.exec(source ?? '') ?? [source, source]
  return {
    type: 'rpm',
    name,
    version,
    arch,
    source: { name: sourceName, version: sourceVersion },
    ...(module === undefined ? {} : { module }),
  }
}

/** What is reported of a package and a vulnerability: `fixed 1.2-3 by ELSA-2023-1`, several joined by commas; `-` if nothing is. */
export type Reported = (pkg: Package, vulnerability: string) => string

/** Judges packages of a release by what feeds have in a mirror, as a scan does, without a database. */
export async function judgeBy(
  ecosystem: Ecosystem,
  release: Release,
  sources: readonly Feed[],
  mirror: string,
): Promise<Reported> {
  const contents: FeedContent[] = []
  for (const feed of sources) contents.push(await readFeed(feed, mirror))
  const records = contents
    .flatMap(({ advisories }) => advisories)
    .filter((record) => !isGap(record) && !isFact(record) && !isRemoval(record))
  const coverage = ecosystem.coverage(release)!
  return (pkg, vulnerability) => {
    const keys = new Set(ecosystem.keys(pkg, coverage, noFacts).map(({ scope, name }) => `${scope}\0${name}`))
    const found = new Set<string>()
    for (const { vulnerability: record, statements } of records) {
      if (!(record.covers ?? [record.id]).includes(vulnerability)) continue
      for (const statement of statements) {
        if (!keys.has(`${statement.key.scope}\0${statement.key.name}`)) continue
        const verdict =
          ecosystem.judge?.(pkg, statement) ??
          judge(comparedVersion(pkg, statement.key.name), statement, ecosystem.versions)
        if (verdict.state === 'clear') continue
        if (verdict.state === 'unknown') throw new Error(verdict.because)
        const by = record.id === vulnerability ? undefined : `by ${record.id}`
        const note = statement.note === undefined ? undefined : `(${statement.note})`
        found.add([verdict.fix, verdict.fixedIn, by, note].filter((part) => part !== undefined).join(' '))
      }
    }
    return found.size === 0 ? '-' : [...found].sort().join(', ')
  }
}

/** A package, a vulnerability, what has to be reported of it (`-` for nothing), and what the feed says, looked up by hand. */
export type CheckedRow = readonly [pkg: Package, id: string, reported: string, record: string]

/** Tests hand-checked rows on the real feeds, which CHIARO_FEEDS names; skipped without. */
export function testCheckedRows(
  ecosystem: Ecosystem,
  release: Release,
  sources: readonly Feed[],
  rows: readonly CheckedRow[],
): void {
  describe.skipIf(feeds === undefined)(`${release.prettyName}, checked by hand (skipped without CHIARO_FEEDS)`, () => {
    let reported: Reported
    beforeAll(async () => {
      reported = await judgeBy(ecosystem, release, sources, feeds!)
    })
    const named = rows.map(([pkg, id, expected]) => ({ pkg, id, expected, title: `${pkg.name} ${pkg.version}` }))
    it.each(named)('$title $id: $expected', ({ pkg, id, expected }) => {
      expect(reported(pkg, id)).toBe(expected)
    })
  })
}
