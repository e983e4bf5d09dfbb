import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ecosystems } from '../src/ecosystems/registry.ts'
import { apis } from '../src/server/api/registry.ts'

it('the list of ecosystems is the list of their folders', () => {
  const folders = readdirSync(join(import.meta.dirname, '..', 'src', 'ecosystems'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  expect(ecosystems.map(({ id }) => id).sort()).toEqual(folders.sort())
})

it('the list of APIs is the list of their folders', () => {
  const folders = readdirSync(join(import.meta.dirname, '..', 'src', 'server', 'api'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  expect(apis.map(({ id }) => id).sort()).toEqual(folders.sort())
})

it('ecosystems, analyzers and feeds have distinct names', () => {
  const feeds = ecosystems.flatMap((ecosystem) => ecosystem.feeds().map((feed) => feed.id))
  expect(new Set(feeds).size).toBe(feeds.length)
  for (const feed of feeds) expect(feed).toMatch(/^[a-z0-9][a-z0-9.-]*$/)
})
