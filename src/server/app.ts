import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Fastify, { type FastifyInstance } from 'fastify'
import type { ClairConfig } from '../config/clair/schema.ts'
import { ChiaroError, messageOf } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { dropUnread } from './answer-taken.ts'
import { protocols } from './http2.ts'
import type { ServerLimits } from './server-limits.ts'
import { isAuthorized } from './token.ts'

/** Somewhere that lines of the log go. */
export interface LogStream {
  write(line: string): void
}

/** Pino's levels, by Clair's. */
const levels = {
  'debug-color': 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
} as const

/**
 * An application of which the server has one a listener: JSON lines with ids of requests, bodies as bytes whatever their type
 * is said to be, limits of time and size. Throws `CONFIG_INVALID` for TLS files that cannot be used.
 */
export function createApp(config: ClairConfig, name: string, log: LogStream, bounds: ServerLimits): FastifyInstance {
  const { requestTimeout, connections } = bounds
  // How often Node looks for connections that have used up their time.
  const connection = { headersTimeout: requestTimeout, connectionsCheckingInterval: requestTimeout / 2 }
  const tls = name === 'api' ? tlsOptions(config) : undefined
  const app = Fastify({
    logger: { level: levels[config.log_level], stream: log, base: { listener: name } },
    genReqId: () => randomUUID(),
    bodyLimit: limits.requestBodyBytes,
    requestTimeout,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1024 },
    ...(tls === undefined ? { http: connection } : { https: { ...tls, ...connection } }),
  }) as unknown as FastifyInstance
  app.server.maxConnections = connections
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  // What is to become of a connection is not said like this in HTTP/2.
  app.addHook('onSend', async ({ raw }, reply) => {
    if (raw.httpVersionMajor >= 2) reply.removeHeader('connection')
  })
  dropUnread(app, bounds.idleTimeout)
  return app
}

/** Lets nobody in without a token, where a key is configured; `open` are the paths that anybody may ask for. */
export function requireToken(app: FastifyInstance, config: ClairConfig, open: readonly string[]): void {
  const { key, iss: issuers } = config.auth.psk
  if (key === '') return
  const rules = { key: Buffer.from(key, 'base64'), issuers }
  app.addHook('onRequest', async (request, reply) => {
    if (open.includes(request.routeOptions.url ?? '')) return
    if (!isAuthorized(request.headers.authorization, rules, Date.now() / 1000)) return reply.code(401).send()
  })
}

function tlsOptions({ tls }: ClairConfig) {
  if (tls.cert === '' && tls.key === '') return undefined
  try {
    return { cert: readFileSync(tls.cert), key: readFileSync(tls.key), ALPNProtocols: [...protocols] }
  } catch (cause) {
    throw new ChiaroError('CONFIG_INVALID', `the certificate or its key cannot be read: ${messageOf(cause)}`, {
      where: 'tls',
      advice: 'Name two files in PEM: tls.cert and tls.key.',
      cause,
    })
  }
}
