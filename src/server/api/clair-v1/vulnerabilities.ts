import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Engine } from '../../../compose.ts'
import { type Advisory, type AdvisoryKey, isFact, isGap, isRemoval, type Statement } from '../../../core/advisory.ts'
import { limits } from '../../../core/limits.ts'
import { severityName } from '../../features.ts'
import type { OwnVulnerabilities } from '../../own-vulnerabilities.ts'
import { createSlots } from '../../slots.ts'
import type { ApiContext } from '../contract.ts'
import { failure, notFound, sendJson } from './errors.ts'
import { feedsAbout, type KnownNamespace, knownNamespaces, loadedNamespaces } from './known-namespaces.ts'
import { noFix, ownSource } from './posted-vulnerability.ts'
import type { V1Fix, V1Severity, V1Vulnerability } from './schema.ts'

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
export function addVulnerabilities(scope: FastifyInstance, { engine }: ApiContext, own: OwnVulnerabilities): void {
  const limited = { config: { limits: { places: createSlots(limits.feedAnswersAtOnce) } } }
  scope.get('/v1/namespaces', async (_, reply) => {
    const loaded = await loadedNamespaces(engine)
    return sendJson(reply, 200, {
      Namespaces: loaded.map(({ name, format }) => ({ Name: name, VersionFormat: format })),
    })
  })
  scope.get('/v1/namespaces/:namespace/vulnerabilities', limited, async (request, reply) => {
    const { namespace } = request.params as { readonly namespace: string }
    const { limit, start } = pageOf(request)
    const found: V1Vulnerability[] = []
    let place = 0
    for await (const entry of await entriesOf(engine, own, namespace)) {
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

  async function find(request: FastifyRequest): Promise<{ readonly namespace: string; readonly entry: Entry }> {
    const { namespace, name } = request.params as { readonly namespace: string; readonly name: string }
    for await (const entry of await entriesOf(engine, own, namespace)) {
      if (entry.advisory.vulnerability.id === name) return { namespace, entry }
    }
    throw notFound()
  }
}

/** What is said of vulnerabilities in a namespace. Throws a failure with status 404 if nothing is said about it. */
async function entriesOf(engine: Engine, own: OwnVulnerabilities, name: string): Promise<AsyncIterable<Entry>> {
  const namespace = knownNamespaces(engine).find((known) => known.name === name)
  if (namespace === undefined) throw notFound()
  const added = await own.read(namespace.scope)
  const sizes = await engine.store.advisories.scopeSizes([namespace.scope])
  if (added.size === 0 && (sizes.get(namespace.scope) ?? 0) === 0) throw notFound()
  return read(engine, namespace, added)
}

/** Those that were added first, and then those of feeds that have another name. */
async function* read(
  engine: Engine,
  namespace: KnownNamespace,
  added: ReadonlyMap<string, Advisory>,
): AsyncGenerator<Entry> {
  for (const advisory of added.values()) yield { advisory, statements: advisory.statements }
  for (const feed of await feedsAbout(engine, namespace)) {
    for await (const record of engine.store.advisories.records(feed)) {
      if (isGap(record) || isFact(record) || isRemoval(record) || added.has(record.vulnerability.id)) continue
      const statements = record.statements.filter(({ key, fix }) => isIn(namespace, key) && fix !== 'not-affected')
      if (statements.length > 0) yield { advisory: record, statements }
    }
  }
}

/** Whether something is said of a release, or of one of its repositories. */
function isIn({ scope }: KnownNamespace, key: AdvisoryKey): boolean {
  return key.scope === scope || key.scope.startsWith(`${scope}:`)
}

function vulnerabilityOf({ advisory, statements }: Entry, namespace: string): V1Vulnerability {
  const { id, description, links, ratings } = advisory.vulnerability
  const severity = statements[0]?.rating?.severity ?? ratings[0]?.severity ?? 'unknown'
  const own = ratings.find(({ source }) => source === ownSource)?.original as V1Severity | undefined
  return {
    Name: id,
    NamespaceName: namespace,
    ...(description === '' ? {} : { Description: description }),
    ...(links[0] === undefined ? {} : { Link: links[0] }),
    Severity: own ?? severityName(severity),
  }
}

/** `None`: every version is affected. */
function fixesOf({ statements }: Entry, namespace: string): readonly V1Fix[] {
  return statements.map(({ key, fixedIn }) => ({
    Name: key.name,
    NamespaceName: namespace,
    Version: fixedIn ?? noFix,
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
