import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseGoDuration } from '../../../config/clair/durations.ts'
import { limits } from '../../../core/limits.ts'
import { enrichersOf } from '../../data-state.ts'
import { addResource } from '../../resource.ts'
import { createSlots } from '../../slots.ts'
import type { ApiContext } from '../contract.ts'
import { queryOf, sendJson } from './answers.ts'
import { failure, refuseMethod, sendError } from './errors.ts'
import { isUuid } from './ids.ts'
import { digestOf } from './indexer.ts'
import { newestOperation, removeOperation, updateDiff, updateOperations } from './update-operations.ts'
import { clairVulnerabilityReport } from './vulnerability-report.ts'

/** What the real server sends, for want of a better one. */
const reportType = 'application/vnd.clair.vulnerability_report.v1+json'

/** The routes of Clair's matcher. */
export function addMatcher(scope: FastifyInstance, { engine, config, reports, indexReport }: ApiContext): void {
  const period = parseGoDuration(config.matcher.period)!
  const maxAge = Math.max(0, Math.floor(parseGoDuration(config.matcher.cache_age)! / 1000))
  // Data that two rounds of updates have missed is stale.
  const maxDataAge = config.matcher.disable_updaters ? Number.POSITIVE_INFINITY : 2 * period + 60 * 60 * 1000
  const enrich = enrichersOf(config, ['nvd', 'epss', 'kev'])
  addResource(scope, {
    path: '/matcher/api/v1/vulnerability_report/:digest',
    metrics: ['matcherv1', 'vulnerability_report'],
    handlers: { GET: getReport },
    refuse,
  })
  addResource(scope, {
    path: '/matcher/api/v1/internal/update_operation',
    metrics: ['matcherv1', 'update_operation'],
    handlers: { GET: getOperations },
    refuse,
  })
  addResource(scope, {
    path: '/matcher/api/v1/internal/update_operation/:ref',
    metrics: ['matcherv1', 'update_operation_delete'],
    handlers: { DELETE: removeOne },
    refuse: refuseMethod,
  })
  addResource(scope, {
    path: '/matcher/api/v1/internal/update_diff',
    metrics: ['matcherv1', 'update_diff'],
    handlers: { GET: getDiff },
    refuse,
    limits: { GET: { places: createSlots(limits.feedAnswersAtOnce) } },
  })

  async function getReport(request: FastifyRequest, reply: FastifyReply) {
    const digest = digestOf(request)
    // What is made from here on is of this state, or of a later one.
    const question = `clair-v4 vulnerability report ${digest}`
    const state = await engine.store.fleet.state(digest)
    const kept = state === undefined ? undefined : reports.get(question, state)
    if (kept !== undefined) return send(reply, kept)
    const { advisories } = engine.store
    const loaded = (await advisories.status()).some(({ generation }) => generation > 0)
    if (!loaded) return reply.code(202).send()
    const index = await indexReport(digest, request.signal)
    if (index === undefined) throw failure(404, `index report for manifest "${digest}" not found`)
    const report = await engine.report(index, { maxDataAge, enrich })
    // Without the data that the image needs, nothing found would look like nothing there.
    if (report.gaps.some(({ code }) => code === 'data-missing')) return reply.code(202).send()
    const body = Buffer.from(JSON.stringify(await clairVulnerabilityReport(report, digest, advisories)))
    if (state !== undefined) reports.put(question, state, body)
    return send(reply, body)
  }

  function send(reply: FastifyReply, body: Buffer) {
    return reply.header('cache-control', `max-age=${maxAge}`).type(reportType).send(body)
  }

  async function getOperations(request: FastifyRequest, reply: FastifyReply) {
    const { kind = '', latest = 'false' } = queryOf(request)
    if (kind !== 'vulnerability' && kind !== 'enrichment') throw failure(400, `unknown kind: ${JSON.stringify(kind)}`)
    const operations = await updateOperations(engine, kind, isTrue(latest))
    const newest = newestOperation(operations)
    if (newest !== undefined) {
      const etag = `"${newest.clair.ref}"`
      reply.header('etag', etag)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    }
    const body = [...operations].map(([feed, list]) => [feed, list.map(({ clair }: { clair: unknown }) => clair)])
    return sendJson(reply, 'application/json', Object.fromEntries(body))
  }

  async function removeOne(request: FastifyRequest, reply: FastifyReply) {
    const { ref } = request.params as { readonly ref: string }
    if (!isUuid(ref)) throw failure(400, `could not deserialize manifest: ${JSON.stringify(ref)} is not a UUID`)
    await removeOperation(engine, ref)
    return reply.code(200).send()
  }

  async function getDiff(request: FastifyRequest, reply: FastifyReply) {
    const { cur, prev } = queryOf(request)
    if (cur === undefined || cur === '') throw failure(400, '"cur" query param is required')
    for (const [name, value] of Object.entries({ cur, prev: prev ?? '' })) {
      if (value !== '' && !isUuid(value)) throw failure(400, `could not parse "${name}" query param into uuid`)
    }
    const diff = await updateDiff(engine, cur, prev === '' ? undefined : prev)
    return reply.type('application/json').send(Readable.from(diff, { objectMode: false }))
  }
}

function refuse(_: FastifyRequest, reply: FastifyReply) {
  return sendError(reply, 405, 'endpoint only allows GET')
}

/** What Go takes for true. */
function isTrue(text: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)
}
