import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import {
  type Advisory,
  type Fact,
  type FeedRecord,
  isFact,
  isGap,
  isRemoval,
  type Removal,
  type Statement,
} from '../../src/core/advisory.ts'
import type { Feed, Fetched } from '../../src/core/feed.ts'
import type { Gap } from '../../src/core/gap.ts'
import { createSpool } from '../../src/io/spool.ts'

/** What a feed has in a mirror. */
export interface FeedContent {
  readonly fetched: Fetched | 'unchanged'
  readonly advisories: readonly Advisory[]
  readonly facts: readonly Fact[]
  readonly removals: readonly Removal[]
  readonly gaps: readonly Gap[]
  /** The one statement about a package and vulnerability; throws if there is none or more than one. */
  statement(name: string, id: string, scope?: string): Statement
}

const signal = new AbortController().signal

/** Fetches and parses a feed from a mirror directory, without the network. */
export async function readFeed(feed: Feed, mirror: string): Promise<FeedContent> {
  await using spool = createSpool({ mirror, offline: true })
  const fetched = await feed.fetch(spool, undefined, signal)
  const records: FeedRecord[] = []
  for await (const record of await feed.parse(spool, signal)) records.push(record)
  const advisories = records.filter((record): record is Advisory => 'vulnerability' in record)
  return {
    fetched,
    advisories,
    facts: records.filter(isFact),
    removals: records.filter(isRemoval),
    gaps: records.filter(isGap),
    statement: (name, id, scope) => {
      const found = advisories
        .filter(({ vulnerability }) => vulnerability.id === id)
        .flatMap(({ statements }) => statements)
        .filter(({ key }) => key.name === name && (scope === undefined || key.scope === scope))
      if (found.length !== 1) throw new Error(`${found.length} statements about ${name} and ${id}`)
      return found[0]!
    },
  }
}

const mirrors: string[] = []

afterAll(() => {
  for (const directory of mirrors.splice(0)) rmSync(directory, { recursive: true })
})

/** A mirror directory with these files, for as long as the tests of the file run. */
export function mirrorOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'chiaro-test-'))
  mirrors.push(directory)
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  return directory
}

/** A statement in one line: `fixed 1.2-3 [high] (note)`. */
export function shown({ fix, fixedIn, rating, note }: Statement): string {
  const parts = [fix, fixedIn, rating && `[${rating.severity}: ${rating.original}]`, note && `(${note})`]
  return parts.filter((part) => part !== undefined).join(' ')
}
