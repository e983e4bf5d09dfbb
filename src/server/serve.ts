import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { Engine } from '../compose.ts'
import { parseGoDuration } from '../config/clair/durations.ts'
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
import { listenAddress } from './listener.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { startUpdater } from './updater.ts'

/** What a server needs. */
export interface ServerOptions {
  readonly config: ClairConfig
  /** The caller's to dispose of, after the server. */
  readonly engine: Engine
  readonly log: LogStream
  /** Milliseconds; by default those of `limits`. */
  readonly indexTime?: number
  readonly shutdownTime?: number
}

/** A server that answers until it is disposed of: requests that are being answered get `limits.shutdownTime`. */
export interface RunningServer extends AsyncDisposable {
  /** Where each listener listens: `http://127.0.0.1:6060`. */
  readonly urls: Readonly<Record<ListenerName, string>>
}

/** Starts the server: listeners first, then the updater. Throws `CONFIG_INVALID` for addresses that cannot be listened on. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, engine, log, indexTime = limits.indexTime, shutdownTime = limits.shutdownTime } = options
  const metrics = createMetrics()
  const stop = new AbortController()
  await using starting = new AsyncDisposableStack()
  const apps = {
    api: createApp(config, 'api', log),
    introspection: createApp(config, 'introspection', log),
    health: createApp(config, 'health', log),
  }
  let tried = () => config.matcher.disable_updaters
  const state = () => dataState(engine, config, tried())
  addIntrospection(apps.introspection, { metrics, metricsPath: config.metrics.prometheus.endpoint, state })
  addHealth(apps.health, () => engine.store.advisories.status([]))
  const wanted = config.indexer.index_report_request_concurrency
  const places = wanted === 0 ? 4 * availableParallelism() : wanted
  const indexing = createIndexing({ engine, places, time: indexTime, signal: stop.signal })
  addApis(apps.api, { engine, config, metrics, indexing })
  speakHttp2(apps.api.server, limits)
  addDataMetrics(metrics, engine)
  const urls = {} as Record<ListenerName, string>
  for (const [name, app] of Object.entries(apps) as [ListenerName, FastifyInstance][]) {
    starting.defer(() => app.close())
    urls[name] = await listen(name, app, config)
  }
  // What is told to end first is what was started last: the updater, then patience begins to run out, then the listeners.
  starting.defer(() => void setTimeout(() => giveUp(stop, apps), shutdownTime).unref())
  const feeds = feedsOf(engine, config)
  if (!config.matcher.disable_updaters && feeds.length > 0) {
    const period = parseGoDuration(config.matcher.period)!
    const updater = starting.use(startUpdater({ engine, feeds, period, log: apps.api.log }))
    tried = () => updater.tried
  }
  const running = starting.move()
  return { urls, [Symbol.asyncDispose]: () => running.disposeAsync() }
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
  countRequests(app, context.metrics, ['indexerv1', 'matcherv1', 'discovery', 'v3'])
  for (const api of apis) app.register(async (scope) => api.register(scope, context))
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
