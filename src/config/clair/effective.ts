import { parseGoDuration } from './durations.ts'
import type { Mode } from './modes.ts'
import type { ClairConfig } from './schema.ts'

/** Clair's listeners where the configuration names none. */
const defaultPorts = { api: 6060, introspection: 8089, health: 6061 } as const

/** The shortest of the notifier's intervals; Clair takes its default instead of a shorter one. */
const shortestInterval = 60_000

/**
 * The configuration with the defaults that depend on other members, and the values that Clair puts in place of others.
 * `note` is told what of it is not what Clair does.
 */
export function effectiveConfig(config: ClairConfig, mode: Mode, note: (text: string) => void): ClairConfig {
  const { matcher, notifier, chiaro } = config
  const listeners = listenerAddresses(config, mode, note)
  const interval = (place: string, text: string, usual: string) => {
    if ((parseGoDuration(text) ?? 0) >= shortestInterval) return text
    if (text !== '') note(`${place} is ${usual}: ${text} is less than a minute, which Clair does not take.`)
    return usual
  }
  return {
    ...config,
    http_listen_addr: listeners.api,
    introspection_addr: listeners.introspection,
    matcher: {
      ...matcher,
      period: matcher.period || '6h',
      cache_age: matcher.cache_age || matcher.period || '6h',
      update_retention: [0, 1].includes(matcher.update_retention) ? 10 : matcher.update_retention,
    },
    notifier: {
      ...notifier,
      poll_interval: interval('notifier.poll_interval', notifier.poll_interval, '6h'),
      delivery_interval: interval('notifier.delivery_interval', notifier.delivery_interval, '1h'),
      webhook: { ...notifier.webhook, callback: withSlash(notifier.webhook.callback) },
      amqp: { ...notifier.amqp, callback: withSlash(notifier.amqp.callback) },
      stomp: { ...notifier.stomp, callback: withSlash(notifier.stomp.callback) },
    },
    chiaro: {
      ...chiaro,
      health_addr: listeners.health,
      webhook_v1: {
        ...chiaro.webhook_v1,
        renotify_interval: interval('chiaro.webhook_v1.renotify_interval', chiaro.webhook_v1.renotify_interval, '2h'),
      },
    },
  }
}

/** Clair listens on all addresses where nothing else is said. Here that takes authentication, or permission by name. */
function listenerAddresses(config: ClairConfig, mode: Mode, note: (text: string) => void) {
  const { chiaro, auth } = config
  const address = (name: keyof typeof defaultPorts, named: string) => {
    if (named !== '') return named
    const port = defaultPorts[name]
    if (chiaro.allow_unauthenticated.includes(name) || (name === 'api' && auth.psk.key !== '')) return `:${port}`
    if (name !== 'health' || mode === 'combo') {
      note(
        `The ${name} listener answers on this machine only (127.0.0.1:${port}), as it has no authentication; ` +
          `"chiaro: {allow_unauthenticated: [${name}]}" opens it to others.`,
      )
    }
    return `127.0.0.1:${port}`
  }
  return {
    api: address('api', config.http_listen_addr),
    introspection: address('introspection', config.introspection_addr),
    health: address('health', chiaro.health_addr),
  }
}

function withSlash(url: string): string {
  return url === '' || url.endsWith('/') ? url : `${url}/`
}
