import { analyzers } from './analyzers.ts'
import type { Ecosystem } from './core/ecosystem.ts'
import { ChiaroError } from './core/errors.ts'
import type { Feed } from './core/feed.ts'
import type { Image, ImageOptions } from './core/image.ts'
import type { Progress } from './core/progress.ts'
import type { IndexReport, VulnerabilityReport } from './core/report.ts'
import type { Store } from './core/store.ts'
import type { VersionScheme } from './core/versions.ts'
import { ecosystems } from './ecosystems/registry.ts'
import type { PushOutcome } from './exchange/artifact.ts'
import type { TransferOutcome } from './exchange/transfer.ts'
import type { LayerList } from './image/layer-list.ts'
import { openImage } from './image/registry.ts'
import type { AddressRules } from './io/address-guard.ts'
import type { HttpClient } from './io/http.ts'
import { indexImage } from './scan/index-image.ts'
import type { KeptMatches } from './scan/known-matches.ts'
import { matchIndex } from './scan/match-index.ts'
import { scan } from './scan/scan.ts'
import { openStore } from './store/open.ts'
import { staleFeeds } from './update/fresh.ts'
import type { FeedOutcome } from './update/update.ts'
import { version } from './version.ts'

export type { PushOutcome } from './exchange/artifact.ts'
export type { TransferOutcome } from './exchange/transfer.ts'
export type { LayerList, ListedLayer } from './image/layer-list.ts'
export { writeFileWhole } from './io/atomic-file.ts'
export type { FeedOutcome } from './update/update.ts'

/** Where an engine keeps its data and gets it from. */
export interface EngineConfig {
  /** The database: a path, or `sqlite::memory:`. */
  readonly database: string
  /** URL or directory that takes the place of every feed's host: `MIRROR/host/path`. */
  readonly mirror: string | undefined
  /** Never use the network. */
  readonly offline: boolean
  /** The addresses that layers of `indexLayers` may be fetched from; without it, those on the Internet. */
  readonly layerAddresses?: AddressRules
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
  /**
   * `index` of an image that is described by where its layers are. What it finds is kept for certain, by the digest of the
   * list. Throws also `ADDRESS_REFUSED`.
   */
  indexLayers(list: LayerList, options: RunOptions): Promise<IndexReport>
  /** Matches an index report with the data that is there. */
  match(index: IndexReport, options: MatchRunOptions): Promise<VulnerabilityReport>
  /** Indexes an image, brings the data it needs up to date, and matches. Throws what `index` throws. */
  scan(reference: string, options: ScanOptions): Promise<VulnerabilityReport>
  /** Updates the feeds named, or all. One failing feed is an outcome, not an error; an unknown name throws `FEED_UNKNOWN`. */
  update(feeds: readonly string[], options: UpdateOptions): Promise<readonly FeedOutcome[]>
  /** Every feed there is, in order. */
  feedIds(): readonly string[]
  /** What can be judged, and with which feeds. */
  readonly ecosystems: readonly Ecosystem[]
  /** Carries vulnerability data to and from other databases. */
  readonly exchange: Exchange
}

/** How an index report is matched. */
export interface MatchRunOptions {
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
}

/** How something is run. */
export interface RunOptions {
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** How data goes to and comes from a registry. */
export interface ArtifactRunOptions extends RunOptions {
  readonly image: Pick<ImageOptions, 'offline' | 'registry'>
}

/** Data as files and as OCI artifacts. Feeds are named as for `update`; none named are all that are there. */
export interface Exchange {
  /** The bytes of a data file; with `since` (a time, ISO 8601, or a generation) of what changed only. */
  export(feeds: readonly string[], since: string | number | undefined, options: RunOptions): AsyncIterable<Buffer>
  /** Imports a data file, `where` in errors, all of it or nothing. Throws `DATA_FILE_INVALID`. */
  import(
    bytes: AsyncIterable<Buffer>,
    where: string,
    feeds: readonly string[],
    options: RunOptions,
  ): Promise<readonly TransferOutcome[]>
  push(reference: string, feeds: readonly string[], options: ArtifactRunOptions): Promise<readonly PushOutcome[]>
  pull(reference: string, feeds: readonly string[], options: ArtifactRunOptions): Promise<readonly TransferOutcome[]>
}

/** The analyzers' ids and versions: what is kept of a layer is good for exactly these. */
export const analyzersKey = analyzers.map(({ id, version }) => `${id}@${version}`).join(' ')

/**
 * Identifies the code that matches: the name of a bundle has the hash of what is in it and in what it imports. Sources have
 * no such name, and may change while they are worked on.
 */
const rules = import.meta.url.endsWith('.ts') ? undefined : `${version}/${import.meta.url.split('/').at(-1)}`

/** The version scheme of this id, for report writers. */
export function versionScheme(id: string): VersionScheme | undefined {
  return ecosystems.find(({ versions }) => versions.id === id)?.versions
}

/** Opens the database and wires an engine around it. Throws `DATABASE_FAILED`, `DATABASE_NEWER`, `CONFIG_INVALID`. */
export async function createEngine(config: EngineConfig): Promise<Engine> {
  const store = await openStore(config.database, {})
  const resources = new AsyncDisposableStack()
  resources.use(store)
  let layerClient: Promise<HttpClient> | undefined
  const kept: KeptMatches | undefined = rules === undefined ? undefined : { store: store.index, analyzersKey, rules }

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
    ecosystems,
    async indexLayers(list, { signal, progress }) {
      layerClient ??= openLayerClient(config).then((client) => resources.use(client))
      const { listedImage } = await import('./image/layer-list.ts')
      const image = listedImage(list, await layerClient)
      return indexImage(image, { analyzers, analyzersKey, store: store.index, required: true, signal, progress })
    },
    match: (indexReport, { maxDataAge }) =>
      matchIndex(indexReport, {
        ecosystems,
        advisories: store.advisories,
        kept,
        maxDataAge,
        now: new Date(),
        version,
      }),
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
        kept,
        maxDataAge: options.maxDataAge,
        now: new Date(),
        version,
      }),
    update: async (names, options) => bring(selectFeeds(ecosystems, names), undefined, options.force, options),
    feedIds: () => allFeeds(ecosystems).map((feed) => feed.id),
    exchange: createExchange(store),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function openLayerClient({ layerAddresses, offline }: EngineConfig): Promise<HttpClient> {
  const { createAddressGuard } = await import('./io/address-guard.ts')
  const { createHttpClient } = await import('./io/http.ts')
  const addresses = createAddressGuard(layerAddresses ?? { allowed: [], onlyPrivate: false })
  return createHttpClient({ offline, addresses })
}

function createExchange(store: Store): Exchange {
  const idsOf = (names: readonly string[]) =>
    names.length === 0 ? undefined : selectFeeds(ecosystems, names).map(({ id }) => id)
  const common = <T extends RunOptions>(options: T) => ({
    ...options,
    advisories: store.advisories,
    feeds: allFeeds(ecosystems),
  })
  return {
    async *export(names, since, options) {
      const { exportFeeds } = await import('./exchange/transfer.ts')
      const { writeDataFile } = await import('./exchange/data-file.ts')
      yield* writeDataFile(await exportFeeds(idsOf(names), since, common(options)))
    },
    async import(bytes, where, names, options) {
      const { importFeeds } = await import('./exchange/transfer.ts')
      const { openDataFile } = await import('./exchange/data-file.ts')
      return importFeeds(await openDataFile(bytes, where), idsOf(names), where, common(options))
    },
    async push(reference, names, options) {
      const { exportFeeds } = await import('./exchange/transfer.ts')
      const { pushData } = await import('./exchange/artifact.ts')
      return pushData(reference, await exportFeeds(idsOf(names), undefined, common(options)), common(options))
    },
    async pull(reference, names, options) {
      const { pullData } = await import('./exchange/artifact.ts')
      return pullData(reference, idsOf(names), common(options))
    },
  }
}

function allFeeds(from: readonly Ecosystem[]): readonly Feed[] {
  return from.flatMap((ecosystem) => ecosystem.feeds())
}

/** The feeds named by id, by ecosystem (`alpine`: all of its feeds), or by a pattern with `*`. */
function selectFeeds(from: readonly Ecosystem[], names: readonly string[]): readonly Feed[] {
  const feeds = allFeeds(from)
  if (names.length === 0) return feeds
  const selected = new Set<Feed>()
  for (const name of names) {
    const ecosystem = from.find(({ id }) => id === name)
    const matching = ecosystem?.feeds() ?? feeds.filter((feed) => matches(feed.id, name))
    if (matching.length === 0) {
      throw new ChiaroError('FEED_UNKNOWN', `there is no feed ${JSON.stringify(name)}`, {
        where: name,
        advice: `Feeds are named as "chiaro data" shows them, or by distribution: ${from.map(({ id }) => id).join(', ')}.`,
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
