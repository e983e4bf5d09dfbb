import { type Static, type TSchema, Type } from 'typebox'

/**
 * Clair's configuration (quay/clair, config/, version 1.4) with its defaults, and a section `chiaro` for what Clair has no
 * word for. Every member may be left out or `null`; `checkConfig` puts the default in its place.
 */

const text = (value = '') => Type.String({ default: value })
const flag = (value = false) => Type.Boolean({ default: value })
const whole = (value: number) => Type.Integer({ default: value })
/** Go's notation, `6h`. */
const duration = (value: string) => Type.String({ format: 'go-duration', default: value })
const texts = () => Type.Array(Type.String(), { default: [] })
const section = <Members extends Record<string, TSchema>>(members: Members) => Type.Object(members, { default: {} })
/** Settings of plugins by their name: whatever they are. */
const settings = () => Type.Record(Type.String(), Type.Unknown(), { default: {} })
const headers = () => Type.Record(Type.String(), Type.Array(Type.String()), { default: {} })
/** `null`: all of them. */
const selection = () => Type.Union([Type.Array(Type.String()), Type.Null()], { default: null })

const tls = () => section({ cert: text(), key: text(), root_ca: text() })

const indexer = section({
  connstring: text(),
  scanlock_retry: whole(1),
  layer_scan_concurrency: whole(10),
  index_report_request_concurrency: whole(0),
  migrations: flag(),
  airgap: flag(),
  scanner: section({ package: settings(), dist: settings(), repo: settings() }),
})

const matcher = section({
  connstring: text(),
  indexer_addr: text(),
  period: duration('6h'),
  update_retention: whole(10),
  /** The default is `period`. */
  cache_age: duration(''),
  max_conn_pool: whole(100),
  migrations: flag(),
  disable_updaters: flag(),
  disable_enrichment: flag(),
})

const broker = {
  direct: flag(),
  rollup: whole(0),
  callback: text(),
  uris: texts(),
  tls: tls(),
}

const notifier = section({
  connstring: text(),
  indexer_addr: text(),
  matcher_addr: text(),
  poll_interval: duration('6h'),
  delivery_interval: duration('1h'),
  disable_summary: flag(),
  migrations: flag(),
  webhook: section({ target: text(), callback: text(), headers: headers(), signed: flag() }),
  amqp: section({
    ...broker,
    exchange: section({ name: text(), type: text(), durability: flag(), auto_delete: flag() }),
    routing_key: text(),
  }),
  stomp: section({
    ...broker,
    destination: text(),
    user: section({ login: text(), passcode: text() }),
  }),
})

const exporter = {
  endpoint: text(),
  compression: text(),
  headers: Type.Record(Type.String(), Type.String(), { default: {} }),
  insecure: flag(),
  timeout: duration('0s'),
  client_tls: tls(),
}
const otlp = section({
  http: section({ ...exporter, url_path: text() }),
  grpc: section({ ...exporter, reconnect: duration('0s'), service_config: text() }),
})

const trace = section({
  name: text(),
  /** `null`: all. */
  probability: Type.Union([Type.Number(), Type.Null()], { default: null }),
  jaeger: section({
    agent: section({ endpoint: text() }),
    collector: section({ endpoint: text(), username: text(), password: text() }),
    service_name: text(),
    tags: settings(),
    buffer_max: whole(0),
  }),
  otlp,
  sentry: section({ dsn: text(), environment: text() }),
})

/** Words for listeners, by which they are allowed to be reached without authentication. */
const listenerNames = ['api', 'introspection', 'health'] as const

const chiaro = section({
  /** The database where no `connstring` names one: a path, or `postgres://…`. */
  database: text(),
  /** URL or directory that takes the place of every feed's host. */
  mirror: text(),
  /** Listeners that may be reached from other machines without authentication. */
  allow_unauthenticated: Type.Array(Type.Enum([...listenerNames]), { default: [] }),
  /** Private and link-local addresses that layers may be fetched from: addresses, networks (`10.0.0.0/8`), or `private`. */
  allow_layer_addresses: texts(),
  /** Where the v1 API answers `/health`. */
  health_addr: text(),
  /** How often what is not needed any more is removed, and how long what has ended is kept before. */
  gc_period: duration('24h'),
  gc_keep: duration('8760h'),
  /** Who is notified as Clair v1 does it, and after which time again, until the notification is deleted. */
  webhook_v1: section({ endpoint: text(), renotify_interval: duration('2h') }),
  /** Whether what the first data of a feed finds is notified, which is everything at once. */
  notify_first_load: flag(),
  /** Requests to Chiaro's own API that one client may send at once, and that come back to it a second. 0 a second: any number. */
  rate_limit: section({ burst: whole(200), per_second: whole(50) }),
})

export const clairConfigSchema = Type.Object({
  http_listen_addr: text(),
  introspection_addr: text(),
  log_level: Type.Enum(['debug-color', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'], { default: 'info' }),
  tls: tls(),
  indexer,
  matcher,
  matchers: section({ names: selection(), config: settings() }),
  updaters: section({ sets: selection(), config: settings(), filter: text() }),
  notifier,
  auth: section({ psk: section({ key: Type.String({ format: 'base64', default: '' }), iss: texts() }) }),
  trace,
  metrics: section({ name: text('prometheus'), prometheus: section({ endpoint: text('/metrics') }), otlp }),
  chiaro,
})

/** A checked configuration: every member is there. */
export type ClairConfig = Static<typeof clairConfigSchema>

/** A listener that can be named in `chiaro.allow_unauthenticated`. */
export type ListenerName = (typeof listenerNames)[number]
