import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../../../compose.ts'
import { type Advisory, isFact, isGap, isRemoval, type Statement } from '../../../core/advisory.ts'
import type { Ecosystem } from '../../../core/ecosystem.ts'
import { limits } from '../../../core/limits.ts'
import { severityName } from '../../features.ts'
import { type Namespace, namespaceOfScope } from '../../namespaces.ts'
import { createSlots } from '../../slots.ts'
import type { ApiContext } from '../contract.ts'
import { failure, notFound, sendError, sendJson } from './errors.ts'
import type { V1Fix, V1Vulnerability } from './schema.ts'

/** What is said of one vulnerability in one namespace. */
interface Entry {
  readonly advisory: Advisory
  readonly statements: readonly Statement[]
}

/** The most vulnerabilities of one page. */
const largestPage = 1000

/**
 * The routes that read namespaces and their vulnerabilities. There is no index from vulnerabilities to what is said of them yet:
 * the records of the namespace's feeds are read until what is wanted has been found, which takes seconds for a large feed.
 */
export function addVulnerabilities(scope: FastifyInstance, { engine }: ApiContext): void {
  const limited = { config: { limits: { places: createSlots(limits.feedAnswersAtOnce) } } }
  scope.get('/v1/namespaces', async (_, reply) => {
    const loaded = await loadedNamespaces(engine)
    return sendJson(reply, 200, {
      Namespaces: [...loaded.keys()].map(({ name, format }) => ({ Name: name, VersionFormat: format })),
    })
  })
  scope.get('/v1/namespaces/:namespace/vulnerabilities', limited, async (request, reply) => {
    const { namespace } = request.params as { readonly namespace: string }
    const { limit, start } = pageOf(request)
    const found: V1Vulnerability[] = []
    let place = 0
    for await (const entry of await entriesOf(engine, namespace)) {
      if (place++ < start) continue
      if (found.length === limit) {
        return sendJson(reply, 200, { Vulnerabilities: found, NextPage: pageToken(start + limit) })
      }
      found.push(vulnerabilityOf(entry, namespace))
    }
    return sendJson(reply, 200, { Vulnerabilities: found })
  })
  scope.get('/v1/namespaces/:namespace/vulnerabilities/:name', limited, async (request, reply) => {
    const { namespace, entry } = await find(request)
    const withFixes = Object.hasOwn(request.query as object, 'fixedIn')
    const fixes = withFixes ? { FixedIn: fixesOf(entry, namespace) } : {}
    return sendJson(reply, 200, { Vulnerability: { ...vulnerabilityOf(entry, namespace), ...fixes } })
  })
  scope.get('/v1/namespaces/:namespace/vulnerabilities/:name/fixes', limited, async (request, reply) => {
    const { namespace, entry } = await find(request)
    return sendJson(reply, 200, { Features: fixesOf(entry, namespace) })
  })
  const refuse = (_: FastifyRequest, reply: FastifyReply) =>
    sendError(reply, 501, 'vulnerabilities other than those of the feeds cannot be kept')
  scope.post('/v1/namespaces/:namespace/vulnerabilities', refuse)
  for (const method of ['PUT', 'DELETE']) {
    scope.route({ method, url: '/v1/namespaces/:namespace/vulnerabilities/:name', handler: refuse })
    scope.route({ method, url: '/v1/namespaces/:namespace/vulnerabilities/:name/fixes/:fix', handler: refuse })
  }

  async function find(request: FastifyRequest): Promise<{ readonly namespace: string; readonly entry: Entry }> {
    const { namespace, name } = request.params as { readonly namespace: string; readonly name: string }
    for await (const entry of await entriesOf(engine, namespace)) {
      if (entry.advisory.vulnerability.id === name) return { namespace, entry }
    }
    throw notFound()
  }
}

/** The namespaces that something is said about, and by which ecosystem's feeds. */
async function loadedNamespaces(engine: Engine): Promise<ReadonlyMap<Namespace, Ecosystem>> {
  const loaded = new Map<Namespace, Ecosystem>()
  for (const ecosystem of engine.ecosystems) {
    const scopes = [...new Set(ecosystem.feeds().flatMap((feed) => feed.scopes))]
    const sizes = await engine.store.advisories.scopeSizes(scopes)
    for (const scope of scopes) {
      const namespace = namespaceOfScope(scope, ecosystem)
      if (namespace !== undefined && (sizes.get(scope) ?? 0) > 0) loaded.set(namespace, ecosystem)
    }
  }
  return loaded
}

/** What is said of vulnerabilities in a namespace. Throws a failure with status 404 if nothing is said about it. */
async function entriesOf(engine: Engine, namespace: string): Promise<AsyncIterable<Entry>> {
  for (const [{ name, scope }, ecosystem] of await loadedNamespaces(engine)) {
    if (name === namespace) return read(engine, ecosystem, scope)
  }
  throw notFound()
}

async function* read(engine: Engine, ecosystem: Ecosystem, scope: string): AsyncGenerator<Entry> {
  const loaded = await engine.store.advisories.status(ecosystem.feeds().map(({ id }) => id))
  const feeds = ecosystem.feeds().filter((feed) => feed.scopes.includes(scope))
  for (const feed of feeds) {
    if (!loaded.some((status) => status.feed === feed.id && status.generation > 0)) continue
    for await (const record of engine.store.advisories.records(feed.id)) {
      if (isGap(record) || isFact(record) || isRemoval(record)) continue
      const statements = record.statements.filter(({ key, fix }) => key.scope === scope && fix !== 'not-affected')
      if (statements.length > 0) yield { advisory: record, statements }
    }
  }
}

function vulnerabilityOf({ advisory, statements }: Entry, namespace: string): V1Vulnerability {
  const { id, description, links, ratings } = advisory.vulnerability
  const severity = statements[0]?.rating?.severity ?? ratings[0]?.severity ?? 'unknown'
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(links[0] === undefined ? {} : { Link: links[0] }),
    Severity: severityName(severity),
  }
}

/** `None`: every version is affected. */
function fixesOf({ statements }: Entry, namespace: string): readonly V1Fix[] {
  return statements.map(({ key, fixedIn }) => ({
    Name: key.name,
    NamespaceName: namespace,
    Version: fixedIn ?? 'None',
  }))
}

function pageOf(request: FastifyRequest): { readonly limit: number; readonly start: number } {
  const { limit, page } = request.query as Readonly<Record<string, unknown>>
  if (limit === undefined) throw failure(400, 'must provide limit query parameter')
  if (typeof limit !== 'string' || !/^\d{1,9}$/.test(limit)) throw failure(400, 'invalid limit format')
  return { limit: Math.min(Number(limit), largestPage), start: page === undefined ? 0 : startOf(page) }
}

function pageToken(start: number): string {
  return Buffer.from(JSON.stringify({ start })).toString('base64url')
}

function startOf(token: unknown): number {
  try {
    const { start } = JSON.parse(Buffer.from(String(token), 'base64url').toString('utf8')) as { start?: unknown }
    if (Number.isSafeInteger(start) && (start as number) >= 0) return start as number
  } catch {
    // It is told below.
  }
  throw failure(400, 'invalid page format')
}
