import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes, isChiaroError, messageOf } from '../../../core/errors.ts'
import type { Problem, ProblemError } from './schema.ts'

/**
 * Every code of a problem that is one of HTTP, with its status and title; the others are those of `errorCodes`. `docs/server.md`
 * lists the same; a test compares them. Codes are stable.
 */
export const problemCodes = {
  ANSWER_LATE: { status: 503, title: 'The answer takes longer than it may.' },
  BODY_TOO_LARGE: { status: 413, title: 'The body of the request is larger than is taken.' },
  BUSY: { status: 429, title: 'As much of this is being worked on as may be at a time.' },
  CURSOR_INVALID: { status: 400, title: 'The cursor is none that this list gave for this question.' },
  JOB_LOST: { status: 500, title: 'The process that worked on it has ended, and no other can or may do it.' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body, or the answer, would have to be of another type.' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This cannot be done with the resource.' },
  NOT_ACCEPTABLE: { status: 406, title: 'There is no answer of a type that the client accepts.' },
  NOT_FOUND: { status: 404, title: 'There is no such resource.' },
  REQUEST_INVALID: { status: 400, title: 'The request cannot be understood.' },
  TOO_MANY_REQUESTS: { status: 429, title: 'The client asks more often than it may.' },
  UNAUTHORIZED: { status: 401, title: 'A token is needed that this server accepts.' },
} as const

/** A stable code of a problem. */
export type ProblemCode = keyof typeof problemCodes | ErrorCode

/** The media type of problems (RFC 9457). */
export const problemType = 'application/problem+json'

/** What of errors is about what was asked for, or where it comes from, with the status it has: these say what happened. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  ABORTED: 503,
  ADDRESS_REFUSED: 422,
  AUTH_FAILED: 422,
  DIGEST_MISMATCH: 422,
  FEED_FAILED: 502,
  FEED_UNKNOWN: 404,
  IMAGE_NOT_FOUND: 404,
  LAYER_INVALID: 422,
  LIMIT_EXCEEDED: 422,
  MANIFEST_INVALID: 422,
  NETWORK_FAILED: 502,
  OFFLINE: 503,
  REFERENCE_INVALID: 400,
  REGISTRY_FAILED: 502,
}

/** Those that say nothing but that: what is behind them is the server's own, and in its log. */
const ownStatuses: Readonly<Partial<Record<ErrorCode, number>>> = { DATABASE_FAILED: 503, DATABASE_NEWER: 503 }

/** An error that is answered as it is. */
interface Failure extends Error {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/** The error for an answer with this code. `errors` are the places in the request that are wrong. */
export function failure(
  code: keyof typeof problemCodes,
  detail: string,
  more: { readonly errors?: readonly ProblemError[]; readonly headers?: Readonly<Record<string, string>> } = {},
): Error {
  const { errors, headers = {} } = more
  const problem = { ...problemOf(code, detail), ...(errors === undefined ? {} : { errors: [...errors] }) }
  return Object.assign(new Error(detail), { problem, headers })
}

/** A problem with a code of HTTP. */
export function problemOf(code: keyof typeof problemCodes, detail: string): Problem {
  return { type: typeOf(code), code, ...problemCodes[code], detail }
}

/** The problem that an error comes to. What is behind errors of the server itself is not told. */
export function problemOfError(error: unknown): Problem {
  const code = isChiaroError(error) ? error.code : 'INTERNAL'
  const status = statuses[code] ?? ownStatuses[code] ?? 500
  const told = isChiaroError(error) && statuses[code] !== undefined
  const detail = told ? messageOf(error) + placeOf(error.where, error.advice) : "The server's log says more."
  return { type: typeOf(code), code, status, title: errorCodes[code], detail }
}

function placeOf(where: string | undefined, advice: string | undefined): string {
  return `${where === undefined ? '' : ` (${where})`}${advice === undefined ? '' : `. ${advice}`}`
}

function typeOf(code: ProblemCode): string {
  return `urn:chiaro:problem:${code}`
}

/** Whatever is thrown in a scope is answered as a problem. */
export function answerProblems(scope: FastifyInstance): void {
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const { problem, headers } = isFailure(error) ? error : { problem: fromHttp(error), headers: {} }
    if (problem.status >= 500) request.log.error({ err: error }, 'the request failed')
    return sendProblem(request, reply.headers(headers), problem)
  })
  // Who has no token is turned away before any of this, without a word.
  scope.addHook('onSend', async (request, reply, payload: unknown) => {
    if (reply.statusCode !== 401 || payload) return payload
    reply.headers({ 'content-type': problemType, 'www-authenticate': 'Bearer' })
    return bodyOf(request, problemOf('UNAUTHORIZED', 'Send "Authorization: Bearer TOKEN".'))
  })
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .removeHeader('etag')
    .code(problem.status)
    .header('content-type', problemType)
    .header('cache-control', 'no-store')
    .serializer(String)
    .send(bodyOf(request, problem))
}

function bodyOf({ id }: FastifyRequest, problem: Problem): string {
  return JSON.stringify({ ...problem, instance: `urn:uuid:${id}` })
}

/** What Fastify refuses by itself, and what nobody has foreseen. */
function fromHttp(error: FastifyError): Problem {
  const { statusCode } = error
  if (statusCode === 413) return problemOf('BODY_TOO_LARGE', messageOf(error))
  if (statusCode === 415) return problemOf('MEDIA_TYPE_UNSUPPORTED', messageOf(error))
  if (statusCode === 429) return problemOf('BUSY', messageOf(error))
  if (statusCode === 503) return problemOf('ANSWER_LATE', messageOf(error))
  if (statusCode !== undefined && statusCode < 500) return problemOf('REQUEST_INVALID', messageOf(error))
  return problemOfError(error)
}

function isFailure(error: Error): error is Failure {
  return 'problem' in error && 'headers' in error
}
