import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { limits } from '../../../core/limits.ts'
import { entityTag, matchesTag } from '../../entity-tag.ts'
import { negotiateType } from '../../negotiation.ts'
import { addResource } from '../../resource.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { Answer, Asked, Operation } from './operation.ts'
import { failure, problemOf, problemType, sendProblem } from './problem.ts'
import { bodyReader, noBody, parameterReader } from './request.ts'

/** Where the API is. */
export const basePath = '/api/v1'

/** Adds operations: each path with all of its methods, HEAD and OPTIONS, and an answer to every other one. `ended` aborts all. */
export function addOperations(scope: FastifyInstance, operations: readonly Operation[], ended: AbortSignal): void {
  for (const [path, own] of Map.groupBy(operations, (operation) => operation.path)) {
    const handlers: Record<string, RouteHandlerMethod> = {}
    for (const operation of own) {
      handlers[operation.method] = handlerOf(operation, ended)
      if (operation.method === 'GET') handlers.HEAD = handlers.GET!
    }
    const allow = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']
      .filter((method) => method === 'OPTIONS' || handlers[method] !== undefined)
      .join(', ')
    handlers.OPTIONS = async (_, reply) => reply.code(204).header('allow', allow).send()
    addResource(scope, {
      path: `${basePath}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      metrics: ['chiarov1', own[0]!.id],
      handlers,
      refuse: (request, reply) =>
        sendProblem(request, reply.header('allow', allow), problemOf('METHOD_NOT_ALLOWED', `There is: ${allow}.`)),
      bodyLimit: limits.apiBodyBytes,
      limits: Object.fromEntries(own.flatMap(({ method, limits }) => (limits ? [[method, limits]] : []))),
    })
  }
}

function handlerOf(operation: Operation, ended: AbortSignal): RouteHandlerMethod {
  const { params, query, body, answers } = operation
  const types = Object.values(answers).flatMap(({ schema, type = 'application/json' }) => (schema ? [type] : []))
  const offers = [...new Set(types.length === 0 ? ['application/json'] : types), problemType]
  const [readPath, readQuery] = [parameterReader('path', params), parameterReader('query', query)]
  const readBody = body === undefined ? noBody : bodyReader(body)
  return async (request, reply) => {
    refuseUnaccepted(request, offers)
    const path = readPath(request)
    const asked = askedOf(operation, request, {
      path,
      query: readQuery(request),
      body: readBody(request),
      watch: () => signalOf(reply, ended),
    })
    return send(request, reply, await operation.handle(asked))
  }
}

function refuseUnaccepted({ headers }: FastifyRequest, offers: readonly string[]): void {
  const type = negotiateType(headers.accept, offers)
  if (type === 'malformed') throw failure('REQUEST_INVALID', 'The Accept header cannot be read.')
  if (type === undefined || type === problemType) throw failure('NOT_ACCEPTABLE', `There is: ${offers.join(', ')}.`)
}

function askedOf(
  { id }: Operation,
  { headers }: FastifyRequest,
  checked: Pick<Asked, 'path' | 'query' | 'body' | 'watch'>,
): Asked {
  const { cursor, limit: _, ...others } = (checked.query ?? {}) as Readonly<Record<string, string | undefined>>
  const sorted = Object.entries(others).sort(([left], [right]) => (left < right ? -1 : 1))
  const question = JSON.stringify([id, checked.path, sorted])
  return {
    ...checked,
    lastEventId: lastEventId(headers['last-event-id']),
    knows: (etag) => matchesTag(headers['if-none-match'], etag),
    cursor: (position) => (cursor === undefined ? undefined : decodeCursor(question, cursor, position)),
    next: (position) => (position === undefined ? null : encodeCursor(question, position)),
  }
}

function lastEventId(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  throw failure('REQUEST_INVALID', 'Last-Event-ID is no id of an event of ours.')
}

/** Aborted when the connection goes before the answer is whole. */
function signalOf({ raw }: FastifyReply, ended: AbortSignal): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, ended])
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, body, json, stream, headers = {} } = answer
  const text = body === undefined ? undefined : JSON.stringify(body)
  const etag = answer.etag === 'content' ? entityTag(text ?? '') : answer.etag
  reply.code(status).headers({ 'cache-control': 'no-cache', ...headers })
  if (etag !== undefined) {
    reply.header('etag', etag)
    if (status === 200 && matchesTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  }
  if (stream !== undefined) {
    if (request.method === 'HEAD') return reply.type(stream.type).send()
    return reply.type(stream.type).send(Readable.from(stream.parts, { objectMode: false }))
  }
  if (json !== undefined) return reply.type('application/json').send(json)
  if (text === undefined) return reply.send()
  return reply.type('application/json').serializer(String).send(text)
}
