import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { analyzersKey, type Engine, type HttpClient, openHttpClient } from '../compose.ts'
import { parseGoDuration } from '../config/clair/durations.ts'
import { indexerAddressOf, type Mode, services, servicesOf } from '../config/clair/modes.ts'
import type { ClairConfig, ListenerName } from '../config/clair/schema.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { ApiContext } from './api/contract.ts'
import { apis } from './api/registry.ts'
import { createApp, type LogStream, requireToken } from './app.ts'
import { dataState, feedsOf } from './data-state.ts'
import { countRequests } from './http-metrics.ts'
import { speakHttp2 } from './http2.ts'
import { createIndexing } from './indexing.ts'
import { addHealth, addIntrospection } from './introspection.ts'
import { checkListeners, listenAddress } from './listener.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type NotifierTimes, notifierTimes, openNotifications, startNotifier } from './notifier.ts'
import { startRejudging } from './rejudging.ts'
import { remoteIndex } from './remote-index.ts'
import { createReportCache } from './report-cache.ts'
import { limitRoutes } from './route-limits.ts'
import { type ServerLimits, serverLimits } from './server-limits.ts'
import { startSweeping } from './sweeping.ts'
import type { Tracer } from './tracing/tracer.ts'
import { startUpdater } from './updater.ts'

/** What a server needs. */
export interface ServerOptions {
  readonly config: ClairConfig
  /** The services that it is. */
  readonly mode: Mode
  /** The caller's to dispose of, after the server. */
  readonly engine: Engine
  readonly log: LogStream
  /** Other limits than those of `limits`. */
  readonly limits?: Partial<ServerLimits>
  /** By default those of the configuration. */
  readonly notifierTimes?: NotifierTimes
}

/** A server that answers until it is disposed of: requests that are being answered get `limits.shutdownTime`. */
export interface RunningServer extends AsyncDisposable {
  /** Where each listener listens: `http://127.0.0.1:6060`. That of Clair v1's health is there only where that API is. */
  readonly urls: Readonly<Record<'api' | 'introspection', string> & Partial<Record<'health', string>>>
}

/** Starts the server: listeners first, then the updater. Throws `CONFIG_INVALID` for addresses that cannot be listened on. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, mode, log } = options
  checkListeners(config, mode)
  const bounds = serverLimits(options.limits)
  const metrics = createMetrics()
  const stop = new AbortController()
  await using starting = new AsyncDisposableStack()
  const own = servicesOf(mode)
  const apps = {
    api: createApp(config, 'api', log, bounds),
    introspection: createApp(config, 'introspection', log, bounds),
    ...(mode === 'combo' ? { health: createApp(config, 'health', log, bounds) } : {}),
  }
  const tracing = await tracingOf(options, apps.api, starting)
  const engine = tracing === undefined ? options.engine : tracing.tracedEngine(options.engine)
  const judges = own.includes('matcher')
  let tried = () => config.matcher.disable_updaters
  const state = () => dataState(engine, config, { wanted: judges, tried: tried() })
  limitRoutes(apps.api, metrics, bounds)
  addIntrospection(apps.introspection, { metrics, metricsPath: config.metrics.prometheus.endpoint, state })
  if (apps.health !== undefined) addHealth(apps.health, () => engine.store.advisories.status([]))
  const wanted = config.indexer.index_report_request_concurrency
  const places = wanted === 0 ? 4 * availableParallelism() : wanted
  const indexing = createIndexing({ engine, places, time: bounds.indexTime, signal: stop.signal })
  const times = options.notifierTimes ?? notifierTimes(config)
  const work = own.includes('notifier') ? await openNotifications(engine, config, times) : undefined
  const notifications = work && (work.byVulnerability ? 'by-vulnerability' : 'by-update')
  const indexReport = indexReports(options, starting, tracing)
  const { jobSilence } = bounds
  const reports = createReportCache(limits.reportCacheBytes)
  addApis(apps.api, {
    engine,
    config,
    metrics,
    indexing,
    jobSilence,
    reports,
    services: own,
    indexReport,
    dataState: state,
    notifications,
  })
  speakHttp2(apps.api.server, bounds)
  if (judges) addDataMetrics(metrics, engine)
  const urls: Record<string, string> = {}
  for (const [name, app] of Object.entries(apps) as [ListenerName, FastifyInstance][]) {
    starting.defer(() => app.close())
    urls[name] = await listen(name, app, config)
  }
  // What is told to end first is what was started last: the updater, then patience begins to run out, then the listeners.
  starting.defer(() => void setTimeout(() => giveUp(stop, apps), bounds.shutdownTime).unref())
  const { log: appLog } = apps.api
  if (work !== undefined) starting.use(startNotifier({ work, times, metrics, log: appLog }))
  const gcPeriod = parseGoDuration(config.chiaro.gc_period) ?? 0
  const keep = parseGoDuration(config.chiaro.gc_keep) ?? 0
  if (gcPeriod > 0 && keep > 0) starting.use(startSweeping({ engine, period: gcPeriod, keep, metrics, log: appLog }))
  if (judges) starting.use(startRejudging(engine, appLog))
  const feeds = feedsOf(engine, config)
  if (judges && !config.matcher.disable_updaters && feeds.length > 0) {
    const period = parseGoDuration(config.matcher.period)!
    const updater = starting.use(startUpdater({ engine, feeds, period, log: appLog }))
    tried = () => updater.tried
  }
  const running = starting.move()
  return { urls: urls as RunningServer['urls'], [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** What of a server is traced. */
interface ServerTracing {
  readonly tracer: Tracer
  tracedEngine(engine: Engine): Engine
}

/** Traces the requests of the API, where the configuration wants that; nothing of it is loaded otherwise. */
async function tracingOf(
  { config, mode }: ServerOptions,
  app: FastifyInstance,
  resources: AsyncDisposableStack,
): Promise<ServerTracing | undefined> {
  if (config.trace.name !== 'otlp') return undefined
  const { startTracing, traceRequests, tracedEngine } = await import('./tracing/index.ts')
  const { tracer, exporter } = startTracing(config, mode, (error, spans) =>
    app.log.warn({ reason: messageOf(error), spans }, 'traces could not be delivered'),
  )
  resources.use(exporter)
  traceRequests(app, tracer)
  return { tracer, tracedEngine: (engine) => tracedEngine(engine, tracer) }
}

/** Where index reports come from: this process's database, or the indexer that the configuration names. */
function indexReports(
  { config, mode, engine }: ServerOptions,
  resources: AsyncDisposableStack,
  tracing: ServerTracing | undefined,
): ApiContext['indexReport'] {
  const address = indexerAddressOf(config, mode)
  if (address === undefined) return (digest) => engine.store.index.image(digest, analyzersKey)
  const { key } = config.auth.psk
  let client: Promise<HttpClient> | undefined
  resources.defer(async () => (await client)?.[Symbol.asyncDispose]())
  const ask = remoteIndex({
    address,
    key: key === '' ? undefined : Buffer.from(key, 'base64'),
    client: () => {
      client ??= openHttpClient()
      return client
    },
    traceparent: () => tracing?.tracer.traceparent(),
  })
  const traced: typeof ask = (digest, signal) =>
    tracing === undefined
      ? ask(digest, signal)
      : tracing.tracer.span('ask for index report', {}, () => ask(digest, signal), 'client')
  return async (digest, signal) => {
    const index = await traced(digest, signal)
    // From then on it is judged again here whenever data changes.
    if (index !== undefined) await engine.fleet.add(index, [], signal)
    return index
  }
}

/** How long answers to what was given up may take. */
const lastWords = 500

/** Ends the work of requests, and then the connections of those who still do not take their answer. */
function giveUp(stop: AbortController, apps: Readonly<Record<string, FastifyInstance>>): void {
  stop.abort()
  const cut = () => {
    for (const { server } of Object.values(apps)) server.closeAllConnections()
  }
  setTimeout(cut, lastWords).unref()
}

function addApis(app: FastifyInstance, context: ApiContext): void {
  requireToken(app, context.config, ['/robots.txt'])
  const groups = ['indexerv1', 'matcherv1', 'notificationv1', 'discovery', 'chiarov1', 'v3']
  countRequests(app, context.metrics, groups)
  const all = context.services.length === services.length
  for (const api of apis) if (all || api.split) app.register(async (scope) => api.register(scope, context))
}

function addDataMetrics(metrics: Metrics, engine: Engine): void {
  const labels = ['feed']
  const checked = metrics.gauge({
    name: 'chiaro_feed_checked_timestamp_seconds',
    help: 'When a feed was last found to be current.',
    labels,
  })
  const records = metrics.gauge({ name: 'chiaro_feed_records', help: 'Records of a feed.', labels })
  const failing = metrics.gauge({ name: 'chiaro_feed_failing', help: 'Whether the last attempt failed.', labels })
  metrics.onRead(async () => {
    for (const status of await engine.store.advisories.status()) {
      if (status.checkedAt !== null) checked.set([status.feed], Date.parse(status.checkedAt) / 1000)
      records.set([status.feed], status.records)
      failing.set([status.feed], status.lastError === undefined ? 0 : 1)
    }
  })
}

async function listen(name: ListenerName, app: FastifyInstance, config: ClairConfig): Promise<string> {
  const { host: wanted = '::', port } = listenAddress(name, config)
  // For further addresses of localhost there would be further servers, which speak HTTP/1.1 only.
  const host = name === 'api' && wanted === 'localhost' ? '127.0.0.1' : wanted
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `listening on ${address}` })
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `the ${name} listener cannot listen: ${messageOf(cause)}`, {
      where: `${host}:${port}`,
      advice: 'Another server may be running there. Configure another address.',
      cause,
    })
  }
  const address = app.server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${name === 'api' && config.tls.cert !== '' ? 'https' : 'http'}://${shown}:${address.port}`
}
