import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getCACertificates } from 'node:tls'
import { ChiaroError, messageOf } from '../core/errors.ts'
import type { AddressGuard } from './address-guard.ts'

/** How connections are made. */
export interface TransportOptions {
  /** Accept any certificate. */
  readonly insecure?: boolean
  /** PEM file with certificate authorities to trust beside the system's. */
  readonly caFile?: string | undefined
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (upper or lower case) are read; default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Which addresses may be connected to; without it, all. */
  readonly addresses?: AddressGuard
}

/** What is sent: text, or so many bytes, which are asked for anew for every attempt. */
export type RequestBody = string | { readonly size: number; open(): AsyncIterable<Uint8Array> }

/** One exchange. */
interface TransportRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
  readonly signal: AbortSignal
}

/** Makes single exchanges: no retries, no redirects, nothing decoded. */
export interface Transport {
  /** Resolves when the headers are there. Throws what Node's client throws. */
  send(url: URL, request: TransportRequest): Promise<IncomingMessage>
  /** Drops every connection of this transport. */
  close(): void
}

/** Redirects to object stores carry long signatures. */
const maxHeaderSize = 64 * 1024

/**
 * A transport on Node's own HTTP/1.1 client, with connections kept open. Not on fetch: it would speak HTTP/2, whose window
 * in Node lets through half a megabyte a round trip, shared by all layers (measured at 50 ms: 5 MB/s against 87 MB/s), and it
 * takes neither certificates nor a proxy for one client. Throws `CONFIG_INVALID` for a CA file or proxy that cannot be used.
 */
export function openTransport(options: TransportOptions): Transport {
  const { addresses } = options
  const trust: AgentOptions = {
    keepAlive: true,
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    ...(options.caFile === undefined ? {} : { ca: trusted(options.caFile) }),
  }
  const direct = agents(addresses === undefined ? trust : { ...trust, lookup: addresses.lookup })
  const proxies = proxiesOf(options.environment ?? process.env)
  const proxied = proxies === undefined ? direct : agents(trust, proxies)
  return {
    async send(url, request) {
      // Literal addresses are not looked up, and what a proxy looks up nobody sees.
      await addresses?.check(url.hostname)
      const { http, https } = isLoopback(url.hostname) ? direct : proxied
      return url.protocol === 'https:'
        ? exchange(httpsRequest, https, url, request)
        : exchange(httpRequest, http, url, request)
    },
    close() {
      for (const { http, https } of [direct, proxied]) {
        http.destroy()
        https.destroy()
      }
    },
  }
}

/** Whether a host name, as URLs have it, means this machine. Such hosts are never reached through a proxy. */
export function isLoopback(hostname: string): boolean {
  const name = hostname === 'localhost' || hostname.endsWith('.localhost')
  return name || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

interface Agents {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. */
type Proxies = Readonly<Record<string, string>>

function agents(trust: AgentOptions, proxyEnv?: Proxies): Agents {
  const { lookup } = trust
  return {
    http: new HttpAgent({ keepAlive: true, proxyEnv, ...(lookup && { lookup }) }),
    https: new HttpsAgent({ ...trust, proxyEnv }),
  }
}

function exchange(
  start: typeof httpsRequest,
  agent: HttpAgent | HttpsAgent,
  url: URL,
  { method, headers, body, signal }: TransportRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(sizeOf(body)) }
    const request = start(url, { agent, method, headers: { ...headers, ...length }, signal, maxHeaderSize }, resolve)
    request.on('error', reject)
    if (body === undefined || typeof body === 'string') request.end(body)
    else pipeline(Readable.from(body.open(), { objectMode: false }), request).catch(reject)
  })
}

function sizeOf(body: RequestBody): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.size
}

function proxiesOf(environment: Readonly<Record<string, string | undefined>>): Proxies | undefined {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || ''
  const proxies: Record<string, string> = {}
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY']) {
    const proxy = read(name)
    if (proxy !== '') proxies[name] = checkedProxy(proxy, name)
  }
  return Object.keys(proxies).length === 0 ? undefined : { ...proxies, NO_PROXY: read('NO_PROXY') }
}

/** Node passes over a proxy that it does not understand, and the connection would be made without. */
function checkedProxy(proxy: string, name: string): string {
  const url = URL.parse(proxy.includes('://') ? proxy : `http://${proxy}`)
  if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '') return url.href
  throw new ChiaroError('CONFIG_INVALID', 'the proxy cannot be used: it is no http or https URL', {
    where: name,
    advice: 'A proxy is given as http://HOST:PORT.',
  })
}

/** The certificates that Node and the system trust, and those of a file. */
function trusted(caFile: string): string[] {
  try {
    const pem = readFileSync(caFile, 'utf8')
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it has no PEM certificate')
    return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), pem])]
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `the certificate authorities cannot be read: ${messageOf(cause)}`, {
      where: caFile,
      advice: 'Name a file with one or more certificates in PEM format.',
      cause,
    })
  }
}
