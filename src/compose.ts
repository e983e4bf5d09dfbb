import { analyzers } from './analyzers.ts'
import type { Digest } from './core/digest.ts'
import type { Ecosystem } from './core/ecosystem.ts'
import type { Enricher } from './core/enricher.ts'
import { ChiaroError } from './core/errors.ts'
import type { Feed, FeedFamily } from './core/feed.ts'
import type { FeedOutcome } from './core/feed-outcome.ts'
import type { Image, ImageOptions, Platform, RegistryOptions } from './core/image.ts'
import type { Progress } from './core/progress.ts'
import type { IndexReport, VulnerabilityReport } from './core/report.ts'
import type { Store } from './core/store.ts'
import type { VersionScheme } from './core/versions.ts'
import { ecosystems } from './ecosystems/registry.ts'
import { enrichers } from './enrich/registry.ts'
import { createExchange, type Exchange, type RunOptions } from './exchange/exchange.ts'
import { feedFamilies } from './feeds/registry.ts'
import { createFleet, type Fleet } from './fleet/fleet.ts'
import type { LayerList } from './image/layer-list.ts'
import { openImage } from './image/registry.ts'
import type { AddressGuard, AddressRules } from './io/address-guard.ts'
import type { FileContent } from './io/atomic-file.ts'
import type { HttpClient } from './io/http.ts'
import { neededEnrichers } from './scan/enrichment-data.ts'
import { indexImage } from './scan/index-image.ts'
import type { KeptResults } from './scan/known-findings.ts'
import { scan } from './scan/scan.ts'
import { openStore } from './store/open.ts'
import type { FeedChanges } from './update/changes.ts'
import { type Staleness, staleFeeds } from './update/fresh.ts'
import type { LeftOut } from './update/left-out.ts'
import { allFeeds, selectFeeds } from './update/select-feeds.ts'
import { version } from './version.ts'

export type { DataFormat, Exchange, RunOptions } from './exchange/exchange.ts'
export type { Transfer } from './exchange/import.ts'
export type { Fleet } from './fleet/fleet.ts'
export type { LayerList, ListedLayer } from './image/layer-list.ts'
export type { HttpClient } from './io/http.ts'
export { openNotificationWork } from './notify/open.ts'
export type { NotificationWork } from './notify/work.ts'
export type { FeedChanges } from './update/changes.ts'
export type { LeftOut } from './update/left-out.ts'

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

/** How to pull one image for somebody else. */
export interface PullOptions extends RunOptions {
  readonly platform: Platform | undefined
  /** `undefined`: those in this machine's Docker configuration. */
  readonly credentials: RegistryOptions['credentials']
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

/** How to bring feeds up to date that are not. */
export interface StaleOptions extends RunOptions, Staleness {
  /** Is told of each feed as soon as it is done. */
  readonly onOutcome: (outcome: FeedOutcome) => void
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
  /**
   * `index` of an image in a registry and nowhere else, from addresses that layers may be fetched from. What it finds is kept for
   * certain. Throws also `ADDRESS_REFUSED`.
   */
  pull(reference: string, options: PullOptions): Promise<IndexReport>
  /** Matches an index report with the data that is there. */
  match(index: IndexReport, options: MatchRunOptions): Promise<VulnerabilityReport>
  /** `match`, with the findings that the fleet has of an image, which takes far less. */
  report(index: IndexReport, options: MatchRunOptions): Promise<VulnerabilityReport>
  /** Indexes an image, brings the data it needs up to date, and matches. Throws what `index` throws. */
  scan(reference: string, options: ScanOptions): Promise<VulnerabilityReport>
  /** Updates the feeds named, or all. One failing feed is an outcome, not an error; an unknown name throws `FEED_UNKNOWN`. */
  update(feeds: readonly string[], options: UpdateOptions): Promise<readonly FeedOutcome[]>
  /**
   * Updates those of the feeds, by their ids, that were found current longer ago than `maxAge` milliseconds, or never, and did not
   * fail within `retryAfter`. What is left alone is no outcome.
   */
  updateStale(feeds: readonly string[], options: StaleOptions): Promise<void>
  /**
   * What changed in a feed between two states, each the number of a generation or a time (ISO 8601); the last change, if none is
   * named. Throws `FEED_UNKNOWN` and `CONFIG_INVALID`.
   */
  changes(feed: string, from?: string | number, to?: string | number): Promise<FeedChanges>
  /**
   * The records that could not be read, of the feeds named as for `Exchange`, or of all that are loaded. Throws `FEED_UNKNOWN`.
   */
  leftOut(names: readonly string[]): Promise<readonly LeftOut[]>
  /** Every feed there is, in order. */
  feedIds(): readonly string[]
  /** What can be judged, and with which feeds. */
  readonly ecosystems: readonly Ecosystem[]
  /** What findings can be enriched with. */
  readonly enrichers: readonly Enricher[]
  /** The images that are kept, and judged again when data or code changes: a server's. */
  readonly fleet: Fleet
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

/** A client for services of one's own: `createHttpClient` of io/http.ts, which is loaded when something is asked for. */
export async function openHttpClient(): Promise<HttpClient> {
  return (await import('./io/http.ts')).createHttpClient({ offline: false })
}

/** Throws `REFERENCE_INVALID` for what cannot be the name of an image in a registry. */
export async function checkReference(reference: string): Promise<void> {
  const { checkRegistryReference } = await import('./image/remote/registry.ts')
  checkRegistryReference(reference)
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
  const fleetRules = rules ?? `${version}/sources`
  const fleet = createFleet({ store, ecosystems, enrichers, analyzersKey, rules: fleetRules, version })

  async function index(reference: string, options: IndexOptions): Promise<IndexReport> {
    await using image = await open(reference, options)
    return await read(image, options)
  }

  const knownImage = (digest: Digest) => store.index.image(digest, analyzersKey)

  function open(reference: string, { image, signal }: IndexOptions): Promise<Image> {
    return openImage(reference, { ...image, known: knownImage }, signal)
  }

  function read(image: Image, { signal, progress }: RunOptions, required = false): Promise<IndexReport> {
    return indexImage(image, { analyzers, analyzersKey, store: store.index, required, signal, progress })
  }

  async function bring(
    feeds: readonly Feed[],
    maxAge: number | undefined,
    force: boolean,
    options: RunOptions & Partial<Pick<StaleOptions, 'onOutcome'>>,
  ) {
    const { updateFeeds } = await import('./update/update.ts')
    const { createSpools } = await import('./io/spools.ts')
    const { signal, progress, onOutcome } = options
    await using spools = createSpools({ mirror: config.mirror, sources: config.sources, offline: config.offline })
    return await updateFeeds(feeds, {
      store: store.advisories,
      lock: (name, waitSignal, work) => store.lock(name, waitSignal, work),
      spools,
      maxAge,
      force,
      signal,
      progress,
      onOutcome,
      now: new Date(),
    })
  }

  async function match(indexReport: IndexReport, { maxDataAge }: MatchRunOptions): Promise<VulnerabilityReport> {
    const { matchIndex } = await import('./scan/match-index.ts')
    const asked = { advisories: store.advisories, maxDataAge, asOf: undefined, now: new Date(), version }
    // What only names advisories is not wanted.
    return matchIndex(indexReport, { ...asked, ecosystems, enrichers, enrich: false, kept })
  }

  async function enriched(report: VulnerabilityReport, { maxDataAge, enrich }: MatchRunOptions) {
    const wanted = enrichers.filter(({ id }) => enrich.includes(id))
    const needed = neededEnrichers(report.findings, wanted)
    if (needed.length === 0) return report
    const { enrichReport } = await import('./scan/enrich.ts')
    const { advisories } = store
    return enrichReport(report, needed, await advisories.status(), { advisories, maxDataAge, now: new Date() })
  }

  return {
    store,
    index,
    ecosystems,
    enrichers,
    async indexLayers(list, options) {
      layerClient ??= openLayerClient(config).then((client) => resources.use(client))
      const { listedImage } = await import('./image/layer-list.ts')
      return read(listedImage(list, await layerClient), options, true)
    },
    async pull(reference, { platform, credentials, signal, progress }) {
      const { openRegistryImage } = await import('./image/remote/registry.ts')
      const { defaultPlaces } = await import('./image/remote/credentials.ts')
      const registry = { credentials, plainHttp: false, insecure: false, caFile: undefined }
      const options = { platform, offline: config.offline, registry, known: knownImage }
      const addresses = await layerAddresses(config)
      await using image = await openRegistryImage(reference, options, defaultPlaces(), signal, addresses)
      return await read(image, { signal, progress }, true)
    },
    match: async (indexReport, options) => enriched(await match(indexReport, options), options),
    report: async (indexReport, options) =>
      enriched((await fleet.report(indexReport, options)) ?? (await match(indexReport, options)), options),
    fleet,
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
    updateStale: async (ids, options) => {
      const named = allFeeds(families).filter(({ id }) => ids.includes(id))
      const stale = await staleFeeds(named, store.advisories, options, new Date())
      if (stale.length > 0) await bring(stale, options.maxAge, false, options)
    },
    changes: async (feed, from, to) => {
      const { feedChanges } = await import('./update/changes.ts')
      refuseWithoutHistory(feed)
      return feedChanges(feed, from, to, store.advisories)
    },
    leftOut: async (names) => {
      const { leftOutOf } = await import('./update/left-out.ts')
      const { chooseFeeds } = await import('./exchange/feed-names.ts')
      const advice = '"chiaro data" shows what is loaded.'
      return leftOutOf((loaded) => chooseFeeds(names, loaded, { advice }), store.advisories)
    },
    feedIds: () => allFeeds(families).map((feed) => feed.id),
    exchange: createExchange({
      advisories: store.advisories,
      feeds: allFeeds(families),
      versions: (scope) => ecosystems.find(({ id }) => scope.startsWith(`${id}:`))?.versions,
    }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function openLayerClient(config: EngineConfig): Promise<HttpClient> {
  const { createHttpClient } = await import('./io/http.ts')
  return createHttpClient({ offline: config.offline, addresses: await layerAddresses(config) })
}

/** What may be connected to for what others submit. */
async function layerAddresses({ layerAddresses: rules }: EngineConfig): Promise<AddressGuard> {
  const { createAddressGuard } = await import('./io/address-guard.ts')
  return createAddressGuard(rules ?? { allowed: [], onlyPrivate: false })
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
