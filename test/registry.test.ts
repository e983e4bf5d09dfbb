import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isFeedOf } from '../src/core/enricher.ts'
import { ecosystems } from '../src/ecosystems/registry.ts'
import { enrichers } from '../src/enrich/registry.ts'
import { feedFamilies } from '../src/feeds/registry.ts'
import { apis } from '../src/server/api/registry.ts'

const folders = (name: string) =>
  readdirSync(join(import.meta.dirname, '..', 'src', name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()

it('the lists of ecosystems and enrichers are the lists of their folders', () => {
  expect(ecosystems.map(({ id }) => id).sort()).toEqual(folders('ecosystems'))
  expect(enrichers.map(({ id }) => id).sort()).toEqual(folders('enrich'))
})

it('the list of APIs is the list of their folders', () => {
  expect(apis.map(({ id }) => id).sort()).toEqual(folders('server/api'))
})

it('ecosystems, enrichers, families, analyzers and feeds have distinct names', () => {
  const feeds = [...ecosystems, ...enrichers, ...feedFamilies].flatMap((family) =>
    family.feeds().map((feed) => feed.id),
  )
  expect(new Set(feeds).size).toBe(feeds.length)
  for (const feed of feeds) expect(feed).toMatch(/^[a-z0-9][a-z0-9.-]*$/)
})

it('the feeds of an enricher are named by it, make no statements, and those of others are not named so', () => {
  for (const enricher of enrichers) {
    const own = [...enricher.feeds(), ...enricher.feedsFor(['CVE-2024-3094']), ...(enricher.supplements ?? [])]
    for (const { id, url, version, scopes } of own) {
      expect(isFeedOf(enricher, id), id).toBe(true)
      expect(new URL(url).protocol).toBe('https:')
      expect(version).toBeGreaterThan(0)
      expect(scopes).toEqual([])
    }
    for (const other of [...ecosystems, ...enrichers].filter((family) => family !== enricher)) {
      for (const { id } of other.feeds()) expect(isFeedOf(enricher, id), id).toBe(false)
    }
  }
})

it('every distribution links an advisory of whatever name', () => {
  for (const { id, advisoryLink } of ecosystems) {
    const link = advisoryLink?.('\ud800/', `${id}:1`)
    if (link !== undefined) expect(new URL(link).protocol, id).toBe('https:')
  }
})
