import { isObject } from './check.ts'
import { namesSeveralDatabases } from './database.ts'
import { indexerAddressOf, type Mode } from './modes.ts'
import type { ClairConfig } from './schema.ts'
import { unservedSets } from './selections.ts'

/** What of Clair's configuration has no effect here, and why. A place stands for all that is in it. */
const ignored: Readonly<Record<string, string>> = {
  'tls.root_ca': 'the certificate authorities of the system are trusted, and NODE_EXTRA_CA_CERTS',
  'indexer.scanlock_retry': 'nothing waits for a lock of this kind',
  'indexer.layer_scan_concurrency': 'as many layers are read at a time as there are processors',
  'indexer.migrations': 'the database is always brought up to date',
  'indexer.scanner': 'scanners have no settings',
  'matcher.max_conn_pool': 'use pool_max_conns in the connection string',
  'matcher.migrations': 'the database is always brought up to date',
  'matcher.update_retention': 'history is kept until "chiaro data gc" removes it',
  'matchers.names': 'every distribution is matched',
  'matchers.config': 'matchers have no settings',
  'updaters.config': 'feeds have no settings; use "chiaro: {mirror: …}" for other places of feeds',
  'updaters.filter': 'feeds are chosen by updaters.sets',
  'notifier.indexer_addr': 'it has the database of the matcher',
  'notifier.matcher_addr': 'it has the database of the matcher',
  'notifier.migrations': 'the database is always brought up to date',
  'notifier.webhook.signed': 'requests are signed where there is a key, auth.psk.key',
  'trace.jaeger': 'traces are sent by OTLP over HTTP only',
  'trace.sentry': 'traces are sent by OTLP over HTTP only',
  'trace.otlp.grpc': 'traces are sent by OTLP over HTTP only',
  'trace.otlp.http.client_tls': 'receivers are not shown a certificate',
  'metrics.otlp': 'metrics are there for Prometheus only',
}

/** What of a configuration is not done, in sentences: only members that it really has are spoken of. */
export function notesOn(document: unknown, config: ClairConfig, mode: Mode): readonly string[] {
  const notes = Object.entries(ignored).flatMap(([place, reason]) =>
    isThere(document, place.split('.')) ? [`${place} has no effect: ${reason}.`] : [],
  )
  const asks = mode === 'combo' || mode === 'matcher'
  if (asks && config.matcher.indexer_addr !== '' && indexerAddressOf(config, mode) === undefined) {
    notes.push('matcher.indexer_addr has no effect: this process has the index reports in its own database.')
  }
  if (mode === 'combo' && namesSeveralDatabases(config)) {
    notes.push('The components name different databases: all data is kept in the first (indexer, matcher, notifier).')
  }
  const [used, ...others] = notifiersOf(config)
  if (used !== undefined && lacksCallback(config, used)) {
    notes.push(`${used}.callback is empty: notifications do not say where they can be read.`)
  }
  for (const name of others) notes.push(`${name} has no effect: another way to notify comes before it.`)
  for (const name of unservedSets(config)) {
    notes.push(`updaters.sets ${JSON.stringify(name)} has no effect: its data has no place in any answer yet.`)
  }
  if (!['', 'otlp'].includes(config.trace.name)) {
    notes.push(`trace.name ${JSON.stringify(config.trace.name)} has no effect: traces are sent by OTLP only.`)
  }
  if (config.metrics.name !== 'prometheus') {
    notes.push(
      `metrics.name ${JSON.stringify(config.metrics.name)} has no effect: metrics are there for Prometheus only.`,
    )
  }
  return notes
}

/** The sections that ask for somebody to be notified; the first of them has its way. */
function notifiersOf({ notifier: { webhook, amqp, stomp }, chiaro }: ClairConfig): readonly string[] {
  const asked = {
    'notifier.webhook': webhook.target !== '',
    'notifier.amqp': amqp.uris.length > 0,
    'notifier.stomp': stomp.uris.length > 0,
    'chiaro.webhook_v1': chiaro.webhook_v1.endpoint !== '',
  }
  return Object.entries(asked).flatMap(([name, is]) => (is ? [name] : []))
}

/** Whether notifications are sent that would have to say where they can be read. */
function lacksCallback({ notifier: { webhook, amqp, stomp } }: ClairConfig, used: string): boolean {
  if (used === 'notifier.webhook') return webhook.callback === ''
  if (used === 'notifier.amqp') return !amqp.direct && amqp.callback === ''
  return used === 'notifier.stomp' && !stomp.direct && stomp.callback === ''
}

function isThere(document: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return document !== null && document !== undefined
  return isObject(document) && Object.hasOwn(document, name) && isThere(document[name], rest)
}
