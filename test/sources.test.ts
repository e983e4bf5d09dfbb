import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ecosystems } from '../src/ecosystems/registry.ts'
import { enrichers } from '../src/enrich/registry.ts'
import { feedFamilies } from '../src/feeds/registry.ts'

const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'sources.md'), 'utf8')
const families = [...ecosystems, ...enrichers, ...feedFamilies]

describe('docs/sources.md', () => {
  it('has a row for every source, and no other', () => {
    const rows = [...text.matchAll(/^\| \[`(\S+)`\]\(#/gm)].map((match) => match[1])
    expect(rows.sort()).toEqual(families.map(({ id }) => id).sort())
  })

  it.each(families.map((family) => [family.id, family] as const))('names the hosts of the feeds of %s', (_, family) => {
    for (const { url } of family.feeds()) expect(text).toContain(new URL(url).host)
  })

  it('every address and every feed in its table is one', () => {
    const feeds = families.flatMap((family) => family.feeds())
    const urls = new Set(feeds.map(({ url }) => url))
    const table = text.split('**Fix states.**')[0]!
    for (const [, url] of table.matchAll(/<(https:[^>]+)>/g)) expect(urls).toContain(url)
    const ids = new Set(feeds.map(({ id }) => id))
    const rows = table.split('\n').filter((line) => line.startsWith('|'))
    const named = rows.slice(2).flatMap((row) => [...row.split('|')[2]!.matchAll(/`(\S+)`/g)].map((match) => match[1]!))
    for (const id of named) expect(ids).toContain(id)
  })

  it('links to headings that are there', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor)
  })
})
