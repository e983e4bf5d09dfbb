import { analyzers } from './analyzers.ts'
import type { Ecosystem } from './core/ecosystem.ts'
import type { Enricher } from './core/enricher.ts'
import { ChiaroError } from './core/errors.ts'
import type { Feed, FeedFamily } from './core/feed.ts'
import type { Image, ImageOptions } from './core/image.ts'
import type { Progress } from './core/progress.ts'
import type { IndexReport, VulnerabilityReport } from './core/report.ts'
import type { Store } from './core/store.ts'
import type { VersionScheme } from './core/versions.ts'
import { ecosystems } from './ecosystems/registry.ts'
import { enrichers } from './enrich/registry.ts'
import type { Transfer, TransferOptions } from './exchange/import.ts'
import type { PushOutcome } from './exchange/push.ts'
import { feedFamilies } from './feeds/registry.ts'
import type { LayerList } from './image/layer-list.ts'
import { openImage } from './image/registry.ts'
import type { AddressRules } from './io/address-guard.ts'
import type { FileContent } from './io/atomic-file.ts'
import type { HttpClient } from './io/http.ts'
import { neededEnrichers } from './scan/enrichment-data.ts'
import { indexImage } from './scan/index-image.ts'
import type { KeptResults } from './scan/known-findings.ts'
import { scan } from './scan/scan.ts'
import { openStore } from './store/open.ts'
import type { FeedChanges } from './update/changes.ts'
import { staleFeeds } from './update/fresh.ts'
import type { FeedOutcome } from './update/update.ts'
import { version } from './version.ts'

export type { Transfer } from './exchange/import.ts'
export type { PushOutcome } from './exchange/push.ts'
export type { LayerList, ListedLayer } from './image/layer-list.ts'
export type { FeedChanges } from './update/changes.ts'
export type { FeedOutcome } from './update/update.ts'

/** Where an engine keeps its data and gets it from. */
export interface EngineConfig {
  /** The database: a path, or `sqlite::memory:`. */
  readonly database: string
  /** URL or directory that takes the place of every feed's host: `MIRROR/host/path`. */
  readonly mirror: string | undefined
  /** Other places of documents, before the mirror: a URL, file or directory, by the beginning of their addresses. */
  readonly sources?: Readonly<Record<string, string>> | undefined
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
  /** Whether to add CVSS scores, EPSS and KEV to the findings. */
  readonly enrich: boolean
  /** `false`: the details of findings (`FindingDetails`) may be empty, as nothing shows them. */
  readonly details?: boolean
  /** The data as it was at this time, ISO 8601: nothing is brought up to date, and `maxDataAge` does not apply. */
  readonly asOf?: string
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
  /**
   * What changed in a feed between two states, each the number of a generation or a time (ISO 8601); the last change, if none is
   * named. Throws `FEED_UNKNOWN` and `CONFIG_INVALID`.
   */
  changes(feed: string, from?: string | number, to?: string | number): Promise<FeedChanges>
  /** Every feed there is, in order. */
  feedIds(): readonly string[]
  /** What can be judged, and with which feeds. */
  readonly ecosystems: readonly Ecosystem[]
  /** What findings can be enriched with. */
  readonly enrichers: readonly Enricher[]
  /** Carries vulnerability data to and from other databases. */
  readonly exchange: Exchange
}

/** How an index report is matched. */
export interface MatchRunOptions {
  /** Data checked longer ago than this, in milliseconds, is a gap. */
  readonly maxDataAge: number
  /** Ids of the enrichers whose data is added to the findings. */
  readonly enrich: readonly string[]
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

/** What a file of vulnerability data can be: our own, or a bundle of Clair's updaters. */
export type DataFormat = 'chiaro' | 'clair'

/** How data goes to a file. */
export interface ExportOptions extends RunOptions {
  readonly format: DataFormat
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** A time (ISO 8601) or a generation's number: only what changed after the state of then. Of our own format only. */
  readonly since: string | number | undefined
}

/**
 * Data as files and as OCI artifacts. Feeds are named by their ids, by what several begin with (`alpine`), or by a pattern
 * with `*`; none named are all that are there. All throw `FEED_UNKNOWN` for a name that means none of these.
 */
export interface Exchange {
  /** The bytes of a file, and the feeds that have no place in it. Also throws `CONFIG_INVALID`. */
  export(
    names: readonly string[],
    options: ExportOptions,
  ): Promise<{ readonly content: AsyncIterable<Uint8Array>; readonly leftOut: readonly string[] }>
  /** Imports a file of either format, all of it or nothing: a path, or bytes, of which `where` tells. Throws `DATA_FILE_INVALID`. */
  import(
    source: string | { readonly bytes: AsyncIterable<Uint8Array>; readonly where: string },
    names: readonly string[],
    options: RunOptions,
  ): Promise<Transfer>
  /** Puts feeds into an artifact of a registry. Throws what a registry can throw. */
  push(reference: string, names: readonly string[], options: ArtifactRunOptions): Promise<readonly PushOutcome[]>
  /** Imports feeds out of an artifact, all of them or none. Throws what a registry can throw, and `DATA_FILE_INVALID`. */
  pull(reference: string, names: readonly string[], options: ArtifactRunOptions): Promise<Transfer>
}

/** Everything that has feeds: distributions, what enriches, and what belongs to neither. */
const families: readonly FeedFamily[] = [...ecosystems, ...enrichers, ...feedFamilies]

/** The analyzers' ids and versions: what is kept of a layer is good for exactly these. */
export const analyzersKey = analyzers.map(({ id, version }) => `${id}@${version}`).join(' ')

/**
 * Identifies the code that matches: the name of a bundle has the hash of what is in it and in what it imports. Sources have
 * no such name, and may change while they are worked on.
 */
const rules = import.meta.url.endsWith('.ts') ? undefined : `${version}/${import.meta.url.split('/').at(-1)}`

/** `writeFileWhole` of io/atomic-file.ts, which is loaded when a file is written. */
export async function writeFileWhole(path: string, content: FileContent): Promise<number> {
  return (await import('./io/atomic-file.ts')).writeFileWhole(path, content)
}

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
  const kept: KeptResults | undefined = rules === undefined ? undefined : { store: store.index, analyzersKey, rules }

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
    const { createSpools } = await import('./io/spools.ts')
    const { signal, progress } = options
    await using spools = createSpools({ mirror: config.mirror, sources: config.sources, offline: config.offline })
    return await updateFeeds(feeds, {
      store: store.advisories,
      lock: (name, waitSignal, work) => store.lock(name, waitSignal, work),
      spools,
      maxAge,
      force,
      signal,
      progress,
      now: new Date(),
    })
  }

  return {
    store,
    index,
    ecosystems,
    enrichers,
    async indexLayers(list, { signal, progress }) {
      layerClient ??= openLayerClient(config).then((client) => resources.use(client))
      const { listedImage } = await import('./image/layer-list.ts')
      const image = listedImage(list, await layerClient)
      return indexImage(image, { analyzers, analyzersKey, store: store.index, required: true, signal, progress })
    },
    match: async (indexReport, { maxDataAge, enrich }) => {
      const { matchIndex } = await import('./scan/match-index.ts')
      const { enrichReport } = await import('./scan/enrich.ts')
      const { advisories } = store
      const asked = { advisories, maxDataAge, asOf: undefined, now: new Date(), version }
      // What only names advisories is not wanted.
      const report = await matchIndex(indexReport, { ...asked, ecosystems, enrichers, enrich: false, kept })
      const wanted = enrichers.filter(({ id }) => enrich.includes(id))
      const needed = neededEnrichers(report.findings, wanted)
      return needed.length === 0 ? report : enrichReport(report, needed, await advisories.status(), asked)
    },
    scan: async (reference, options) =>
      scan({
        open: () => open(reference, options),
        index: (image) => read(image, options),
        update: async (feeds, retryAfter) => {
          const { maxDataAge: maxAge } = options
          const stale = await staleFeeds(feeds, store.advisories, { maxAge, retryAfter }, new Date())
          if (stale.length > 0) await bring(stale, options.maxDataAge, false, options)
          return stale.length > 0
        },
        ecosystems,
        enrichers,
        enrich: options.enrich,
        details: options.details ?? true,
        advisories: store.advisories,
        kept,
        maxDataAge: options.maxDataAge,
        asOf: pastTime(options.asOf),
        now: new Date(),
        version,
      }),
    update: async (names, options) => bring(selectFeeds(families, names), undefined, options.force, options),
    changes: async (feed, from, to) => {
      const { feedChanges } = await import('./update/changes.ts')
      refuseWithoutHistory(feed)
      return feedChanges(feed, from, to, store.advisories)
    },
    feedIds: () => allFeeds(families).map((feed) => feed.id),
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

function refuseWithoutHistory(id: string): void {
  if (allFeeds(families).find((feed) => feed.id === id)?.keepsHistory !== false) return
  throw new ChiaroError('CONFIG_INVALID', `of ${id} only the current state is kept`, {
    where: id,
    advice: 'Everything in it changes every day.',
  })
}

/** Throws `CONFIG_INVALID` for a time that has not come yet: nothing can be said of it. */
function pastTime(asOf: string | undefined): string | undefined {
  if (asOf === undefined || Date.parse(asOf) <= Date.now()) return asOf
  throw new ChiaroError('CONFIG_INVALID', `${asOf} has not come yet`, {
    where: asOf,
    advice: 'Name a time in the past, or none for the data of now.',
  })
}

function createExchange(store: Store): Exchange {
  const common = <T extends RunOptions>(options: T): T & TransferOptions => ({
    ...options,
    advisories: store.advisories,
    feeds: allFeeds(families),
    versions: (scope) => ecosystems.find(({ id }) => scope.startsWith(`${id}:`))?.versions,
  })
  return {
    async export(names, options) {
      const { exportFeeds } = await import('./exchange/export.ts')
      const { compressed } = await import('./exchange/compressed.ts')
      const feeds = await exportFeeds(names, options.since, common(options))
      if (options.format === 'clair') {
        const { clairFeeds, writeClairBundle } = await import('./exchange/clair-bundle-writer.ts')
        const { known, others } = clairFeeds(feeds)
        return { content: compressed(writeClairBundle(known), options.compression), leftOut: others }
      }
      const { writeDataFile } = await import('./exchange/data-file.ts')
      return { content: compressed(writeDataFile(feeds), options.compression), leftOut: [] }
    },
    async import(source, names, options) {
      const { keepInput, openInput } = await import('./exchange/input.ts')
      const { openData } = await import('./exchange/open.ts')
      const { importFeeds } = await import('./exchange/import.ts')
      const { signal } = options
      await using input = await (typeof source === 'string'
        ? openInput(source, signal)
        : keepInput(source.bytes, source.where, signal))
      return await importFeeds(await openData(input, common(options)), names, input.where, common(options))
    },
    async push(reference, names, options) {
      const { exportFeeds } = await import('./exchange/export.ts')
      const { pushData } = await import('./exchange/push.ts')
      return pushData(reference, await exportFeeds(names, undefined, common(options)), common(options))
    },
    async pull(reference, names, options) {
      const { pullData } = await import('./exchange/pull.ts')
      return pullData(reference, names, common(options))
    },
  }
}

function allFeeds(from: readonly FeedFamily[]): readonly Feed[] {
  return from.flatMap((family) => family.feeds())
}

/** The feeds named by id, by family (`alpine`, `nvd`: all of its feeds), or by a pattern with `*`. */
function selectFeeds(from: readonly FeedFamily[], names: readonly string[]): readonly Feed[] {
  const feeds = allFeeds(from)
  if (names.length === 0) return feeds
  const selected = new Set<Feed>()
  for (const name of names) {
    const family = from.find(({ id }) => id === name)
    const matching = family?.feeds() ?? feeds.filter((feed) => matches(feed.id, name))
    if (matching.length === 0) {
      throw new ChiaroError('FEED_UNKNOWN', `there is no feed ${JSON.stringify(name)}`, {
        where: name,
        advice: `Feeds are named as "chiaro data" shows them, or by distribution or source: ${from.map(({ id }) => id).join(', ')}.`,
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
