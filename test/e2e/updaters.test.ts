import { beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { chiaro } from '../support/command.ts'
import { databases } from '../support/databases.ts'
import { serveFeeds } from '../support/feed-server.ts'
import { contentOf, type TwoMirrors, twoMirrors } from '../support/two-states.ts'

let two: TwoMirrors
beforeAll(async () => {
  two = await twoMirrors()
})

describe.each(databases)('several updates at once on $name', ({ create }) => {
  const update = (location: string, mirror: string) =>
    chiaro(['update', ...two.feeds.map(({ feed }) => feed.id), '--mirror', mirror, '--db', location])

  /** The generation of every feed, and which of its two states it is in; the database is sound. */
  async function look(location: string): Promise<readonly (readonly [generation: number, state: number])[]> {
    await using store = await openStore(location)
    expect(await store.verify()).toEqual([])
    const found: (readonly [number, number])[] = []
    for (const { feed, contents } of two.feeds) {
      const [status] = await store.advisories.status([feed.id])
      expect(status!.lastError).toBeUndefined()
      found.push([status!.generation, contents.indexOf(await contentOf(store.advisories, feed))])
    }
    return found
  }

  it('make one generation of one state', { timeout: 120_000 }, async () => {
    await using database = await create()
    for (const [index, files] of two.files.entries()) {
      await using server = await serveFeeds(files)
      const results = await Promise.all([1, 2, 3].map(() => update(database.location, server.url)))
      for (const { code, stdout, stderr } of results) expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
      expect(await look(database.location)).toEqual(two.feeds.map(() => [index + 1, index]))
    }
  })

  it('from sources in different states leave every feed in one of them', { timeout: 120_000 }, async () => {
    await using database = await create()
    const results = await Promise.all([0, 1, 0].map((state) => update(database.location, two.mirrors[state]!)))
    for (const { code, stdout } of results) expect(code, stdout).toBe(0)
    for (const [, state] of await look(database.location)) expect([0, 1]).toContain(state)
  })
})
