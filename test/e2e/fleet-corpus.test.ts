import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../src/compose.ts'
import type { IndexReport } from '../../src/core/report.ts'
import { corpus, corpusImages, feeds } from '../support/corpus.ts'
import { databases, type TestDatabase } from '../support/databases.ts'

const { signal } = new AbortController()
const run = { signal, progress: () => {} }
const image = {
  platform: undefined,
  offline: true,
  registry: { credentials: undefined, plainHttp: false, insecure: false, caFile: undefined },
}
const options = { maxDataAge: Number.POSITIVE_INFINITY, enrich: [] }

/** The report of the fleet has to be the one of matching: the same findings and gaps, in the same order. */
describe.skipIf(corpus === undefined || feeds === undefined).each(databases)(
  'the fleet of the corpus on $name (skipped without CHIARO_CORPUS and CHIARO_FEEDS)',
  ({ create }) => {
    let database: TestDatabase
    let engine: Engine
    const indexes = new Map<string, IndexReport>()

    beforeAll(async () => {
      database = await create()
      engine = await createEngine({ database: database.location, mirror: feeds, offline: true })
      for (const { name, folder } of corpusImages()) {
        try {
          const index = await engine.index(`oci-layout:${folder}`, { ...run, image })
          indexes.set(name, index)
          // Some are put before there is any data, and judged again when it comes.
          if (indexes.size % 2 === 0) await engine.fleet.add(index, [name], signal)
        } catch {
          // What cannot be read has no report.
        }
      }
      const wanted = engine.ecosystems.flatMap((ecosystem) =>
        [...indexes.values()].flatMap(({ release }) => (release && ecosystem.coverage(release)?.feeds) ?? []),
      )
      const names = [...new Set([...wanted.map(({ id }) => id), 'debian-dsa', 'debian-dla'])]
      await engine.update(names, { ...run, force: false })
      await engine.fleet.rejudge(signal)
      for (const [name, index] of indexes) await engine.fleet.add(index, [name], signal)
    }, 600_000)
    afterAll(async () => {
      await engine[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    })

    it('has the findings of matching, in the same order, and where they lie', async () => {
      let findings = 0
      for (const [name, index] of indexes) {
        if (index.image.digest === undefined) continue
        const report = await engine.fleet.report(index, options)
        const matched = await engine.match(index, options)
        expect(report, name).toEqual(matched)
        findings += matched.findings.length
      }
      expect(indexes.size).toBeGreaterThan(10)
      expect(findings).toBeGreaterThan(100)
      expect(await engine.store.verify()).toEqual([])
    })

    it('tells the images of every vulnerability that there is', async () => {
      const expected = new Map<string, Set<string>>()
      for (const index of indexes.values()) {
        for (const { id, aliases } of (await engine.match(index, options)).findings) {
          for (const name of [id, ...aliases]) {
            expected.set(name, (expected.get(name) ?? new Set()).add(index.image.digest!))
          }
        }
      }
      for (const [id, digests] of [...expected].filter((_, place) => place % 7 === 0)) {
        const { items } = await engine.store.fleet.imagesWithVulnerability(id, { after: undefined, limit: 1000 })
        expect(new Set(items.map(({ digest }) => digest)), id).toEqual(digests)
      }
    })
  },
)
