import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LayerList } from '../../../compose.ts'
import { analyzersKey } from '../../../compose.ts'
import { type Digest, isDigest } from '../../../core/digest.ts'
import { type ErrorCode, isChiaroError } from '../../../core/errors.ts'
import type { IndexReport } from '../../../core/report.ts'
import { indexReportType, sharedIndexReport } from '../../remote-index.ts'
import { addResource } from '../../resource.ts'
import type { ApiContext } from '../contract.ts'
import { negotiated, sendJson } from './answers.ts'
import { failure, refuseMethod } from './errors.ts'
import { clairIndexError, clairIndexReport } from './index-report.ts'
import { parseJson, parseManifest } from './manifest.ts'

const indexPath = '/indexer/api/v1/index_report'
const reportPath = '/matcher/api/v1/vulnerability_report'

const indexReportTypes = ['application/vnd.clair.index_report.v1+json', 'application/json', indexReportType]
const indexStateTypes = ['application/vnd.clair.index_state.v1+json', 'application/json']

/** Changes whenever the same image could give another index. */
const indexState = createHash('sha256').update(analyzersKey).digest('hex').slice(0, 32)
const etag = `"${indexState}"`

/** What a client has done wrong if an image cannot be indexed; everything else is nobody's or ours. */
const clientErrors: ReadonlySet<ErrorCode> = new Set([
  'ADDRESS_REFUSED',
  'CONFIG_INVALID',
  'LAYER_INVALID',
  'LIMIT_EXCEEDED',
])

/** What says nothing about the image. */
const ourErrors: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'DATABASE_FAILED', 'DATABASE_NEWER', 'INTERNAL'])

/** The routes of Clair's indexer. */
export function addIndexer(scope: FastifyInstance, context: ApiContext): void {
  const { engine, indexing } = context
  addResource(scope, {
    path: indexPath,
    metrics: ['indexerv1', 'index_report'],
    handlers: { POST: (request, reply) => submit(request, reply, context), DELETE: removeMany },
    refuse: refuseMethod,
    limits: { POST: { places: indexing, untimed: true } },
  })
  addResource(scope, {
    path: `${indexPath}/:digest`,
    metrics: ['indexerv1', 'index_report_by_digest'],
    handlers: { GET: getOne, DELETE: removeOne },
    refuse: refuseMethod,
  })
  addResource(scope, {
    path: '/indexer/api/v1/index_state',
    metrics: ['indexerv1', 'index_state'],
    handlers: { GET: getState },
    refuse: refuseMethod,
  })

  async function getOne(request: FastifyRequest, reply: FastifyReply) {
    const digest = digestOf(request)
    const type = negotiated(request, indexReportTypes)
    if (request.headers['if-none-match'] === etag) return reply.code(304).header('etag', etag).send()
    const body = await reportOf(digest, type)
    if (body === undefined) throw failure(404, 'index report not found')
    return sendJson(reply.header('etag', etag), type, body)
  }

  async function reportOf(digest: Digest, type: string): Promise<object | undefined> {
    const { index: store } = engine.store
    const index = await store.image(digest, analyzersKey)
    if (index !== undefined)
      return type === indexReportType ? sharedIndexReport(index) : clairIndexReport(index, digest)
    // To another of our services what could not be read is not there.
    const message = type === indexReportType ? undefined : await store.failure(digest)
    return message === undefined ? undefined : clairIndexError(digest, message)
  }

  async function removeOne(request: FastifyRequest, reply: FastifyReply) {
    await engine.fleet.remove([digestOf(request)])
    return reply.code(204).send()
  }

  async function removeMany(request: FastifyRequest, reply: FastifyReply) {
    const what = 'failed to deserialize bulk delete'
    const digests = parseJson(request.body, what)
    if (!Array.isArray(digests) || !digests.every(isDigest)) throw failure(400, `${what}: it is not a list of digests`)
    const removed = await engine.fleet.remove(digests)
    return sendJson(reply, 'application/json', removed.length === 0 ? null : removed)
  }
}

/** The digest in a path. Throws a failure with status 400. */
export function digestOf(request: FastifyRequest): Digest {
  const { digest } = request.params as { readonly digest: string }
  if (isDigest(digest)) return digest
  if (digest === '') throw failure(400, 'malformed path. provide a single manifest hash')
  throw failure(400, `malformed path: ${JSON.stringify(digest.slice(0, 200))} is not a digest`)
}

async function getState(request: FastifyRequest, reply: FastifyReply) {
  const type = negotiated(request, indexStateTypes)
  reply.header('etag', etag)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return sendJson(reply, type, { state: indexState })
}

async function submit(request: FastifyRequest, reply: FastifyReply, context: ApiContext) {
  const list = parseManifest(request.body)
  const { digest } = list
  const path = `${indexPath}/${digest}`
  reply.header('link', [
    `<${path}>; rel="https://projectquay.io/clair/v1/index_report"`,
    `<${reportPath}/${digest}>; rel="https://projectquay.io/clair/v1/vulnerability_report"`,
  ])
  if (request.headers['if-none-match'] === etag) return reply.code(412).send()
  const body = await indexReportOf(list, context)
  return reply.code(201).header('etag', etag).header('location', path).type(indexReportTypes[0]!).send(body)
}

/** The index report as it is sent. Of an image that is in the fleet it is as it was sent before, while nothing has changed. */
async function indexReportOf(list: LayerList, context: ApiContext): Promise<Buffer> {
  const { digest } = list
  const question = `clair-v4 index report ${digest}`
  const { engine, reports } = context
  const state = await engine.store.fleet.state(digest)
  const kept = state === undefined ? undefined : reports.get(question, state)
  if (kept !== undefined) return kept
  const body = Buffer.from(JSON.stringify(clairIndexReport(await indexed(list, context), digest)))
  if (state !== undefined) reports.put(question, state, body)
  return body
}

/** The index of an image. That it could not be read is kept for those who ask later; the next who submit it try again. */
async function indexed(list: LayerList, { engine, indexing }: ApiContext): Promise<IndexReport> {
  try {
    return await indexing.index(list)
  } catch (error) {
    if (!isChiaroError(error)) throw error
    if (!ourErrors.has(error.code)) await engine.store.index.putFailure(list.digest, error.message)
    if (!clientErrors.has(error.code)) throw error
    throw failure(400, `failed to start scan: ${error.message}`)
  }
}
