import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type FeedRecord, isGap } from '../../src/core/advisory.ts'
import type { Feed } from '../../src/core/feed.ts'
import type { Store } from '../../src/core/store.ts'
import { feedsOf } from '../../src/ecosystems/alpine/feed.ts'
import { trackerFeed } from '../../src/ecosystems/debian/feed.ts'
import { feedOf } from '../../src/ecosystems/ubuntu/feed.ts'
import { createSpools } from '../../src/io/spools.ts'
import { openStore } from '../../src/store/open.ts'
import { type FeedOutcome, updateFeeds } from '../../src/update/update.ts'

/** A feed, and small files of it in the real format, as a mirror has them. */
export interface FeedSample {
  readonly id: string
  readonly feed: Feed
  readonly files: readonly SampleFile[]
}

/** One file of a feed. */
export interface SampleFile {
  /** Where a mirror has it: `host/path`. */
  readonly path: string
  readonly content: Buffer
  readonly kind: 'json' | 'xml' | 'lines' | 'binary'
}

const folder = join(import.meta.dirname, '..', '..', 'src', 'ecosystems')

/**
 * One feed of every format, for tests of what any feed must withstand. A sample is the document that the feed's URL
 * names, or a folder that is a mirror with all that the feed asks for.
 */
export const feedSamples: readonly FeedSample[] = [
  sample(trackerFeed, 'debian/testdata/security-tracker.debian.org/tracker/data/json'),
  sample(feedsOf('3.18')[0]!, 'alpine/testdata/secdb.alpinelinux.org/v3.18/main.json'),
  sample(feedOf({ number: '20.04', codename: 'focal' }), 'ubuntu/testdata/focal.oval.xml'),
]

function sample(feed: Feed, path: string): FeedSample {
  const place = join(folder, path)
  const { host, pathname } = new URL(feed.url)
  const files = statSync(place).isDirectory()
    ? globSync('*/**', { cwd: place }).filter((file) => statSync(join(place, file)).isFile())
    : undefined
  return {
    id: feed.id,
    feed,
    files: files?.map((file) => sampleFile(file.replaceAll('\\', '/'), readFileSync(join(place, file)))) ?? [
      sampleFile(decodeURIComponent(host + pathname), readFileSync(place)),
    ],
  }
}

/** A file of a mirror. What it is shows in its content. */
export function sampleFile(path: string, content: Buffer): SampleFile {
  return { path, content, kind: kindOf(content) }
}

function kindOf(content: Buffer): SampleFile['kind'] {
  const text = content.toString()
  if (/^(?:\ufeff)?\s*</.test(text)) return 'xml'
  if (text.includes('\0') || text.includes('\ufffd')) return 'binary'
  try {
    JSON.parse(text)
    return 'json'
  } catch {
    return 'lines'
  }
}

/** A store in memory, and a feed that is loaded into it. */
export interface LoadedFeed extends AsyncDisposable {
  readonly store: Store
  /** The number of records that the last update could not read. */
  gaps(): number
  /** Brings the feed from a mirror; with `force`, which is the default, although nothing changed there. */
  update(mirror: string, options?: { readonly force?: boolean }): Promise<FeedOutcome>
  /** All that is loaded, in one text. */
  content(): Promise<string>
}

/** Samples have bad records on purpose, more than a feed may have: those are counted here, and left out. */
export async function openFeed(sampled: Feed): Promise<LoadedFeed> {
  const store = await openStore('sqlite::memory:')
  let gaps = 0
  const feed: Feed = {
    ...sampled,
    async parse(spool, signal) {
      gaps = 0
      const records = await sampled.parse(spool, signal)
      return (async function* () {
        for await (const record of records) {
          if (isGap(record)) gaps++
          else yield record
        }
      })()
    },
  }
  return {
    store,
    gaps: () => gaps,
    async update(mirror, { force = true } = {}) {
      await using spools = createSpools({ mirror, offline: false, backoff: 1 })
      const [outcome] = await updateFeeds([feed], {
        store: store.advisories,
        lock: (name, signal, work) => store.lock(name, signal, work),
        spools,
        maxAge: undefined,
        force,
        signal: new AbortController().signal,
        progress: () => {},
        now: new Date(),
      })
      return outcome!
    },
    async content() {
      if ((await store.advisories.generations(feed.id)).length === 0) return ''
      const records: FeedRecord[] = []
      for await (const record of store.advisories.records(feed.id)) records.push(record)
      return records
        .map((record) => JSON.stringify(record))
        .sort()
        .join('\n')
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
