import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { TestCertificate } from './certificate.ts'
import { type Descriptor, digestOf, tagged } from './layout.ts'

/** How the test registry behaves. */
export interface TestRegistryOptions {
  readonly auth?:
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | {
        readonly kind: 'token'
        /** Who may have a token; anybody, if there is neither. */
        readonly username?: string
        readonly password?: string
        readonly identityToken?: string
        /** Requests that one token is good for; what `expires_in` says is an hour. */
        readonly uses?: number
        /** Nobody's token is good for pushing. */
        readonly readOnly?: boolean
      }
  /** Speak TLS with this certificate. */
  readonly tls?: TestCertificate
  /** Blobs are redirected to another port, which refuses requests with an Authorization header as object stores do. */
  readonly redirectBlobs?: boolean
  /** The first answer to every request is 429. */
  readonly throttle?: boolean
  /** Blob connections are dropped after this many bytes. */
  readonly dropAfter?: number
  /** Takes a request over; returns whether it did. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A registry on 127.0.0.1 that serves an OCI layout as repository `test/image`, with the layout's tags, and takes what is pushed into it. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
  /** `METHOD PATH AUTHORIZATION` of every request, the store's with `store ` in front. */
  readonly requests: string[]
}

/** Starts a registry that reads the layout in `directory` and has the habits, good and bad, of `options`. */
export async function startRegistry(directory: string, options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const requests: string[] = []
  const throttled = new Set<string>()
  const tokens = new Map<string, Token>()
  const store = await listen(options.tls, (request, response) => {
    requests.push(`store ${request.method} ${request.url} ${request.headers.authorization}`)
    if (request.headers.authorization !== undefined) response.writeHead(400).end()
    else sendBlob(request, response, directory, request.url!.split('/').at(-1)!, options.dropAfter)
  })
  const registry = await listen(options.tls, async (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    const key = `${request.method} ${request.url}`
    if (options.intercept?.(request, response)) return
    if (options.throttle && !throttled.has(key)) {
      throttled.add(key)
      response.writeHead(429, { 'retry-after': '0' }).end()
    } else if (request.url!.startsWith('/token')) {
      await sendToken(request, response, options, tokens)
    } else if (!isAllowed(request, options, tokens)) {
      challenge(request, response, registry.host, options)
    } else if (isWrite(request)) {
      await receive(request, response, directory)
    } else {
      route(request, response, directory, options, store.host)
    }
  })
  return {
    host: registry.host,
    requests,
    async [Symbol.asyncDispose]() {
      for (const { server } of [registry, store]) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

async function listen(
  tls: TestCertificate | undefined,
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ host: string; server: Server }> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

interface Token {
  uses: number
  readonly mayPush: boolean
}

function isWrite({ method }: IncomingMessage): boolean {
  return method === 'POST' || method === 'PUT'
}

function isAllowed(request: IncomingMessage, { auth }: TestRegistryOptions, tokens: Map<string, Token>): boolean {
  if (auth === undefined) return true
  const header = request.headers.authorization ?? ''
  if (auth.kind === 'basic') return header === basic(auth.username, auth.password)
  const token = tokens.get(header.replace('Bearer ', ''))
  if (token === undefined || (isWrite(request) && !token.mayPush)) return false
  return token.uses-- > 0
}

function challenge(
  request: IncomingMessage,
  response: ServerResponse,
  host: string,
  options: TestRegistryOptions,
): void {
  const { auth } = options
  const scheme = options.tls === undefined ? 'http' : 'https'
  const actions = isWrite(request) ? 'pull,push' : 'pull'
  const token = `Bearer realm="${scheme}://${host}/token",service="test, registry",scope="repository:test/image:${actions}"`
  response.writeHead(401, { 'www-authenticate': auth?.kind === 'basic' ? 'Basic realm="test"' : token })
  response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
}

async function sendToken(
  request: IncomingMessage,
  response: ServerResponse,
  { auth }: TestRegistryOptions,
  tokens: Map<string, Token>,
): Promise<void> {
  if (auth?.kind !== 'token') {
    response.writeHead(404).end()
    return
  }
  const body = Buffer.concat(await request.toArray()).toString()
  const fields = new URLSearchParams(request.method === 'POST' ? body : request.url!.split('?')[1])
  const password = auth.username === undefined ? undefined : basic(auth.username, auth.password ?? '')
  const known =
    request.method === 'POST'
      ? fields.get('refresh_token') === auth.identityToken && fields.get('grant_type') === 'refresh_token'
      : auth.identityToken === undefined && request.headers.authorization === password
  const actions = /^repository:test\/image:(pull|pull,push)$/.exec(fields.get('scope') ?? '')?.[1]
  const asked = fields.get('service') === 'test, registry' && actions !== undefined
  if (!known || !asked) {
    response.writeHead(401).end('{"details":"incorrect username or password"}')
    return
  }
  const token = `token-${tokens.size}`
  tokens.set(token, { uses: auth.uses ?? 1_000_000, mayPush: actions === 'pull,push' && auth.readOnly !== true })
  response.end(JSON.stringify({ [request.method === 'POST' ? 'access_token' : 'token']: token, expires_in: 3600 }))
}

/** Takes an upload: a blob begun with POST and sent with PUT, or a manifest (distribution specification, "Push"). */
async function receive(request: IncomingMessage, response: ServerResponse, directory: string): Promise<void> {
  const bytes = Buffer.concat(await request.toArray())
  const url = new URL(request.url!, 'http://registry')
  const [, kind, reference] = /^\/v2\/test\/image\/(blobs\/uploads|manifests)\/(.*)$/.exec(url.pathname) ?? []
  if (kind === 'blobs/uploads' && request.method === 'POST' && reference === '') {
    response.writeHead(202, { location: '/v2/test/image/blobs/uploads/1?_state=a%2Fb' }).end()
  } else if (kind === 'blobs/uploads' && url.searchParams.get('_state') === 'a/b') {
    const digest = digestOf(bytes)
    if (url.searchParams.get('digest') !== digest) return refuse(response, 'DIGEST_INVALID')
    keepBlob(directory, digest, bytes)
    response.writeHead(201, { location: `/v2/test/image/blobs/${digest}` }).end()
  } else if (kind === 'manifests') {
    const { config, layers } = JSON.parse(bytes.toString()) as { config: Descriptor; layers: Descriptor[] }
    const missing = [config, ...layers].find(({ digest }) => !existsSync(blobPath(directory, digest)))
    if (missing !== undefined) return refuse(response, 'MANIFEST_BLOB_UNKNOWN')
    const digest = digestOf(bytes)
    keepBlob(directory, digest, bytes)
    const path = join(directory, 'index.json')
    const { manifests } = JSON.parse(readFileSync(path, 'utf8')) as { manifests: { annotations?: object }[] }
    const entry = tagged({ mediaType: request.headers['content-type'], digest, size: bytes.length }, reference!)
    const others = manifests.filter((other) => JSON.stringify(other.annotations).includes(`"${reference}"`) === false)
    writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests: [...others, entry] }))
    response.writeHead(201, { 'docker-content-digest': digest }).end()
  } else {
    refuse(response, 'UNSUPPORTED')
  }
}

function refuse(response: ServerResponse, code: string): void {
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message: 'not taken' }] }))
}

function keepBlob(directory: string, digest: string, bytes: Buffer): void {
  const path = blobPath(directory, digest)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

function route(
  request: IncomingMessage,
  response: ServerResponse,
  directory: string,
  options: TestRegistryOptions,
  store: string,
): void {
  const scheme = options.tls === undefined ? 'http' : 'https'
  const [, kind, reference] = /^\/v2\/test\/image\/(manifests|blobs)\/(.+)$/.exec(request.url!) ?? []
  if (request.url === '/v2/') response.end('{}')
  else if (kind === 'manifests') sendManifest(response, directory, reference!)
  else if (kind !== 'blobs') notFound(response, 'NAME_UNKNOWN')
  else if (options.redirectBlobs) response.writeHead(307, { location: `${scheme}://${store}/${reference}` }).end()
  else sendBlob(request, response, directory, reference!, options.dropAfter)
}

function sendManifest(response: ServerResponse, directory: string, reference: string): unknown {
  const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as {
    manifests: { digest: string; mediaType: string; annotations?: Record<string, string> }[]
  }
  const named = index.manifests.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === reference,
  )
  const digest = named?.digest ?? reference
  const path = blobPath(directory, digest)
  if (!digest.includes(':') || !existsSync(path)) return notFound(response, 'MANIFEST_UNKNOWN')
  const bytes = readFileSync(path)
  const type = named?.mediaType ?? /"mediaType":"([^"]+)"/.exec(bytes.toString())?.[1] ?? 'application/json'
  return response.writeHead(200, { 'content-type': type, 'docker-content-digest': digest }).end(bytes)
}

function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  directory: string,
  digest: string,
  dropAfter: number | undefined,
): unknown {
  const path = blobPath(directory, digest)
  if (!existsSync(path)) return notFound(response, 'BLOB_UNKNOWN')
  const bytes = readFileSync(path)
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const part = bytes.subarray(start)
  const range = start === 0 ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
  response.writeHead(start === 0 ? 200 : 206, { 'content-length': part.length, ...range })
  if (dropAfter === undefined || part.length <= dropAfter) return response.end(part)
  return response.write(part.subarray(0, dropAfter), () => setTimeout(() => response.destroy(), 10))
}

function notFound(response: ServerResponse, code: string): void {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message: 'not known here' }] }))
}

function blobPath(directory: string, digest: string): string {
  return join(directory, 'blobs', digest.replace(':', '/'))
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
