import { type DescMessage, fromJson, type JsonValue, type MessageShape, ScalarType, toJson } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'
import { parseTimeout } from '@connectrpc/connect/protocol-grpc'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { messageOf } from '../../../core/errors.ts'
import { compressAnswers } from '../../compression.ts'
import { addResource } from '../../resource.ts'
import type { RouteLimits } from '../../route-limits.ts'
import { goneSignal, timeoutOf } from './caller.ts'
import { codeOfStatus, failure, failureOf, httpStatusOf } from './errors.ts'
import type { Call, Caller, Procedure, Procedures } from './procedures.ts'

/**
 * The methods in REST, as version 1 of grpc-gateway has them: a request's fields are in the path and the query, or all of it is the
 * body; messages are JSON (protobuf.dev, ProtoJSON) with the names of the definition. Errors are `{ error, code }`.
 */
export function addGateway(scope: FastifyInstance, procedures: Procedures, call: Call): void {
  compressAnswers(scope, () => errorBody(failure(Code.InvalidArgument, 'unable to negotiate a common content coding')))
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode } = error
    if (statusCode === undefined || statusCode >= 500) request.log.error({ err: error }, 'the request failed')
    const failed = statusCode === undefined ? failureOf(error) : failure(codeOfStatus(statusCode), messageOf(error))
    return sendError(reply, statusCode ?? httpStatusOf(failed.code), failed)
  })
  const resource = (path: string, handlers: Readonly<Record<string, RouteHandlerMethod>>, limits: RouteLimits = {}) =>
    addResource(scope, { path, metrics: ['v3', path.split('/')[1]!], handlers, refuse, limits: { POST: limits } })
  const { getAncestry, postAncestry, getNotification, markNotificationAsRead, getStatus } = procedures
  resource('/ancestry/:ancestry_name', { GET: answers(getAncestry, fromFields, call) })
  resource('/ancestry', { POST: answers(postAncestry, fromBody, call) }, { untimed: true })
  resource('/notifications/:name', {
    GET: answers(getNotification, fromFields, call),
    DELETE: answers(markNotificationAsRead, fromFields, call),
  })
  resource('/status', { GET: answers(getStatus, fromFields, call) })
}

/** Reads a message out of a request. */
type Reader = <I extends DescMessage>(input: I, request: FastifyRequest) => MessageShape<I>

function answers<I extends DescMessage, O extends DescMessage>(
  procedure: Procedure<I, O>,
  readMessage: Reader,
  call: Call,
): RouteHandlerMethod {
  const { input, output } = procedure.method
  return async (request, reply) => {
    try {
      const caller = callerOf(request, reply)
      const answer = await call(procedure, readMessage(input, request), caller)
      return sendJson(reply, 200, JSON.stringify(toJson(output, answer, { useProtoFieldName: true })))
    } catch (error) {
      const failed = failureOf(error)
      // What a call fails with is in the log already.
      if (failed !== error) request.log.error({ err: error }, 'the request failed')
      return sendError(reply, httpStatusOf(failed.code), failed)
    }
  }
}

/** Throws `ConnectError` for a timeout that cannot be read. */
function callerOf({ log, headers }: FastifyRequest, reply: FastifyReply): Caller {
  const { timeoutMs, error } = parseTimeout(timeoutOf(headers) ?? null, Number.POSITIVE_INFINITY)
  if (error !== undefined) throw error
  const late = timeoutMs === undefined ? [] : [AbortSignal.timeout(Math.ceil(timeoutMs))]
  return { log, signal: AbortSignal.any([goneSignal(reply), ...late]) }
}

function fromBody<I extends DescMessage>(input: I, { body }: FastifyRequest): MessageShape<I> {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : ''
  return read(input, () => (text === '' ? {} : (JSON.parse(text) as JsonValue)))
}

/** A message of the fields in the path, and those in the query that it has; the first of each name. */
function fromFields<I extends DescMessage>(input: I, { params, query }: FastifyRequest): MessageShape<I> {
  const given = { ...(query as object), ...(params as object) } as Readonly<Record<string, string | readonly string[]>>
  return read(input, () => {
    const fields = input.fields.flatMap(({ name, scalar }) => {
      const [text] = [Object.hasOwn(given, name) ? given[name]! : []].flat()
      return text === undefined ? [] : [[name, scalar === ScalarType.BOOL ? parseBool(text) : text] as const]
    })
    return Object.fromEntries(fields)
  })
}

/** Throws `ConnectError` for what is no such message. */
function read<I extends DescMessage>(input: I, value: () => JsonValue): MessageShape<I> {
  try {
    return fromJson(input, value())
  } catch (error) {
    throw failure(Code.InvalidArgument, messageOf(error).slice(0, 200))
  }
}

/** As Go does. */
function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw new SyntaxError(`${JSON.stringify(text)} is neither true nor false`)
}

function refuse(_: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .code(405)
    .header('x-content-type-options', 'nosniff')
    .type('text/plain; charset=utf-8')
    .send('Method Not Allowed\n')
}

function sendError(reply: FastifyReply, status: number, error: ConnectError): FastifyReply {
  return sendJson(reply, status, errorBody(error))
}

function errorBody({ rawMessage, code }: ConnectError): string {
  return JSON.stringify({ error: rawMessage, code })
}

function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'application/json').serializer(String).send(text)
}
