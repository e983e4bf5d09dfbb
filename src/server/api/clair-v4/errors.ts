import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isChiaroError, messageOf } from '../../../core/errors.ts'

/** An answer that is an error. */
export interface Failure extends Error {
  readonly statusCode: number
}

const codes: Readonly<Record<number, string>> = {
  400: 'bad-request',
  404: 'not-found',
  405: 'method-not-allowed',
  410: 'gone',
  429: 'too-many-requests',
}

/** The error for an answer with this status and message. */
export function failure(status: number, message: string): Failure {
  return Object.assign(new Error(message), { statusCode: status })
}

/** The body of an error in Clair's form. */
export function errorBody(status: number, message: string): string {
  return JSON.stringify({ code: codes[status] ?? 'internal-error', message })
}

/** Whatever is thrown in a scope is answered in Clair's form. */
export function answerErrors(scope: FastifyInstance): void {
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error }, 'the request failed')
    return sendError(reply, status, status >= 500 && !isFailure(error) ? serverMessage(error) : messageOf(error))
  })
}

/** What cannot be asked for in this way. */
export function refuseMethod(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, 405, `method disallowed: ${request.method}`)
}

export function sendError(reply: FastifyReply, status: number, message: string): FastifyReply {
  reply.removeHeader('link').removeHeader('etag')
  return reply
    .code(status)
    .header('x-content-type-options', 'nosniff')
    .header('content-type', 'application/json')
    .serializer(String)
    .send(errorBody(status, message))
}

function isFailure(error: Error): boolean {
  return !('code' in error) && 'statusCode' in error
}

/** Errors of ours say what happened; of others, as of the database, only the log does. */
function serverMessage(error: Error): string {
  return `experienced a server side error: ${isChiaroError(error) ? error.message : 'see the log'}`
}
