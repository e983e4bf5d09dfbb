import { analyzers } from './analyzers.ts'
import { ChiaroError } from './core/errors.ts'
import type { Feed, FeedFamily } from './core/feed.ts'
import type { Image, ImageOptions } from './core/image.ts'
import type { Progress } from './core/progress.ts'
import type { IndexReport, VulnerabilityReport } from './core/report.ts'
import type { Store } from './core/store.ts'
import type { VersionScheme } from './core/versions.ts'
import { ecosystems } from './ecosystems/registry.ts'
import { feedFamilies } from './feeds/registry.ts'
import { openImage } from './image/registry.ts'
import { indexImage } from './scan/index-image.ts'
import { scan } from './scan/scan.ts'
import { openStore } from './store/open.ts'
import { staleFeeds } from './update/fresh.ts'
import type { FeedOutcome } from './update/update.ts'
import { version } from './version.ts'

export type { FeedOutcome } from './update/update.ts'

/** Where an engine keeps its data and gets it from. */
export interface EngineConfig {
  /** The database: a path, or `sqlite::memory:`. */
  readonly database: string
  /** URL or directory that takes the place of every feed's host: `MIRROR/host/path`. */
  readonly mirror: string | undefined
  /** Never use the network. */
  readonly offline: boolean
}

/** How to read one image. */
export interface IndexOptions {
  readonly image: ImageOptions
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** How to scan one image. */
export interface ScanOptions extends IndexOptions {
  /** Data checked longer ago than this, in milliseconds, is brought up to date first, and is a gap if that fails. */
  readonly maxDataAge: number
}

/** How to bring feeds up to date. */
export interface UpdateOptions {
  /** Read the feeds again although their sources say that nothing changed. */
  readonly force: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** Everything wired together. */
export interface Engine extends AsyncDisposable {
  readonly store: Store
  /** Reads what is in an image, and keeps it. Throws what opening and reading an image can throw. */
  index(reference: string, options: IndexOptions): Promise<IndexReport>
  /** Indexes an image, brings the data it needs up to date, and matches. Throws what `index` throws. */
  scan(reference: string, options: ScanOptions): Promise<VulnerabilityReport>
  /** Updates the feeds named, or all. One failing feed is an outcome, not an error; an unknown name throws `FEED_UNKNOWN`. */
  update(feeds: readonly string[], options: UpdateOptions): Promise<readonly FeedOutcome[]>
  /** Every feed there is, in order. */
  feedIds(): readonly string[]
}

/** Everything that has feeds: distributions, and what belongs to none of them. */
const families: readonly FeedFamily[] = [...ecosystems, ...feedFamilies]

/** The analyzers' ids and versions: what is kept of a layer is good for exactly these. */
export const analyzersKey = analyzers.map(({ id, version }) => `${id}@${version}`).join(' ')

/** The version scheme of this id, for report writers. */
export function versionScheme(id: string): VersionScheme | undefined {
  return ecosystems.find(({ versions }) => versions.id === id)?.versions
}

/** Opens the database and wires an engine around it. Throws `DATABASE_FAILED`, `DATABASE_NEWER`, `CONFIG_INVALID`. */
export async function createEngine(config: EngineConfig): Promise<Engine> {
  const store = await openStore(config.database, {})

  async function index(reference: string, options: IndexOptions): Promise<IndexReport> {
    await using image = await open(reference, options)
    return await read(image, options)
  }

  function open(reference: string, { image, signal }: IndexOptions): Promise<Image> {
    const known: ImageOptions['known'] = (digest) => store.index.image(digest, analyzersKey)
    return openImage(reference, { ...image, known }, signal)
  }

  function read(image: Image, { signal, progress }: IndexOptions): Promise<IndexReport> {
    return indexImage(image, { analyzers, analyzersKey, store: store.index, signal, progress })
  }

  async function bring(
    feeds: readonly Feed[],
    maxAge: number | undefined,
    force: boolean,
    options: UpdateOptions | ScanOptions,
  ) {
    const { updateFeeds } = await import('./update/update.ts')
    const { createSpool } = await import('./io/spool.ts')
    const { signal, progress } = options
    const spool = () => createSpool({ mirror: config.mirror, offline: config.offline })
    return updateFeeds(feeds, { store: store.advisories, spool, maxAge, force, signal, progress, now: new Date() })
  }

  return {
    store,
    index,
    scan: (reference, options) =>
      scan({
        open: () => open(reference, options),
        index: (image) => read(image, options),
        update: async (feeds) => {
          const stale = await staleFeeds(feeds, store.advisories, options.maxDataAge, new Date())
          if (stale.length > 0) await bring(stale, options.maxDataAge, false, options)
        },
        ecosystems,
        advisories: store.advisories,
        maxDataAge: options.maxDataAge,
        now: new Date(),
        version,
      }),
    update: async (names, options) => bring(selectFeeds(names), undefined, options.force, options),
    feedIds: () => allFeeds().map((feed) => feed.id),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function allFeeds(): readonly Feed[] {
  return families.flatMap((family) => family.feeds())
}

/** The feeds named by id, by family (`alpine`, `osv`: all of its feeds), or by a pattern with `*`. */
function selectFeeds(names: readonly string[]): readonly Feed[] {
  const feeds = allFeeds()
  if (names.length === 0) return feeds
  const selected = new Set<Feed>()
  for (const name of names) {
    const family = families.find(({ id }) => id === name)
    const matching = family?.feeds() ?? feeds.filter((feed) => matches(feed.id, name))
    if (matching.length === 0) {
      throw new ChiaroError('FEED_UNKNOWN', `there is no feed ${JSON.stringify(name)}`, {
        where: name,
        advice: `Feeds are named as "chiaro data" shows them, or by family: ${families.map(({ id }) => id).join(', ')}.`,
      })
    }
    for (const feed of matching) selected.add(feeds.find(({ id }) => id === feed.id) ?? feed)
  }
  return [...selected]
}

function matches(id: string, pattern: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return id === pattern
  const first = parts[0]!
  const last = parts.at(-1)!
  return parts.length === 2 && id.length >= first.length + last.length && id.startsWith(first) && id.endsWith(last)
}
