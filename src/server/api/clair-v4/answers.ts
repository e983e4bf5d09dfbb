import type { FastifyReply, FastifyRequest } from 'fastify'
import { negotiateType } from '../../negotiation.ts'
import { failure } from './errors.ts'

/** The media type for an answer. Throws failures with status 400 and 415. */
export function negotiated(request: FastifyRequest, offers: readonly string[]): string {
  const type = negotiateType(request.headers.accept, offers)
  if (type === 'malformed') throw failure(400, 'malformed request: the Accept header cannot be read')
  if (type === undefined) throw failure(415, `unable to negotiate common media type for [${offers.join(' ')}]`)
  return type
}

/** Sends a value as JSON of this media type. */
export function sendJson(reply: FastifyReply, type: string, value: unknown): FastifyReply {
  return reply.type(type).serializer(String).send(JSON.stringify(value))
}

/** The parameters of a query, the first of each name. */
export function queryOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const query = request.query as Readonly<Record<string, string | readonly string[]>>
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat()[0]]))
}
