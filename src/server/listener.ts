import type { Mode } from '../config/clair/modes.ts'
import type { ClairConfig, ListenerName } from '../config/clair/schema.ts'
import { ChiaroError } from '../core/errors.ts'

/** Throws `CONFIG_INVALID` where a process in this mode has a listener that may not be, or of which the address is none. */
export function checkListeners(config: ClairConfig, mode: Mode): void {
  const names: readonly ListenerName[] =
    mode === 'combo' ? ['api', 'introspection', 'health'] : ['api', 'introspection']
  for (const name of names) listenAddress(name, config)
}

/** Where a listener listens. `host` `undefined`: on all addresses. */
export interface ListenAddress {
  readonly host: string | undefined
  readonly port: number
}

/** An address as Go writes it: `:6060`, `127.0.0.1:6060`, `[::1]:6060`. Throws `CONFIG_INVALID`; `where` is what names it. */
export function parseListenAddress(text: string, where: string): ListenAddress {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:[\]]*):(\d{1,5})$/i.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) {
    throw new ChiaroError('CONFIG_INVALID', `${JSON.stringify(text)} is not an address to listen on`, {
      where,
      advice: 'Write HOST:PORT, or :PORT for all addresses of this machine.',
    })
  }
  return { host: host === '' ? undefined : host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}

/**
 * The address of a listener, if it may be used: what answers without authentication is for this machine only, unless the
 * configuration names the listener. Throws `CONFIG_INVALID`.
 */
export function listenAddress(name: ListenerName, config: ClairConfig): ListenAddress {
  const [member, text] = {
    api: ['http_listen_addr', config.http_listen_addr],
    introspection: ['introspection_addr', config.introspection_addr],
    health: ['chiaro.health_addr', config.chiaro.health_addr],
  }[name] as [string, string]
  const address = parseListenAddress(text, member)
  const authenticated = name === 'api' && config.auth.psk.key !== ''
  if (authenticated || isLoopback(address.host) || config.chiaro.allow_unauthenticated.includes(name)) return address
  throw new ChiaroError('CONFIG_INVALID', `${text} would let other machines in without authentication`, {
    where: member,
    advice:
      `${name === 'api' ? 'Configure auth.psk, or listen' : 'Listen'} on 127.0.0.1:${address.port}, or allow it by ` +
      `name: "chiaro: {allow_unauthenticated: [${name}]}".`,
  })
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|::1|127\.\d+\.\d+\.\d+)$/.test(host)
}
