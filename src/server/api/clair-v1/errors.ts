import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { isChiaroError, messageOf } from '../../../core/errors.ts'

/** An answer that is an error. */
interface Failure extends Error {
  readonly statusCode: number
}

/** The error for an answer with this status and message. */
export function failure(status: number, message: string): Failure {
  return Object.assign(new Error(message), { statusCode: status })
}

/** What Clair says of what is not there. */
export const notFound = () => failure(404, 'the resource cannot be found')

/** The body of an error in Clair's form. */
export function errorBody(message: string): string {
  return JSON.stringify({ Error: { Message: message } })
}

/** Whatever is thrown in a scope is answered in Clair's form. */
export function answerErrors(scope: FastifyInstance): void {
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error }, 'the request failed')
    // What is not ours, as a message of the runtime, is for the log only.
    const known = status < 500 || isChiaroError(error) || (error.statusCode !== undefined && !('code' in error))
    return sendError(reply, status, known ? messageOf(error) : 'the server failed: see its log')
  })
}

export function sendError(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).header('content-type', jsonType).serializer(String).send(errorBody(message))
}

/** Sends an envelope as JSON. */
export function sendJson(reply: FastifyReply, status: number, value: object): FastifyReply {
  return reply.code(status).header('content-type', jsonType).serializer(String).send(JSON.stringify(value))
}

const jsonType = 'application/json;charset=utf-8'
