import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { addResource } from '../../resource.ts'
import { negotiated } from './answers.ts'
import { refuseMethod } from './errors.ts'
import { openApi } from './openapi.ts'

const types = [
  'application/openapi+json',
  'application/openapi+yaml',
  'application/json',
  'application/yaml',
  'application/vnd.oai.openapi+json',
  'application/vnd.oai.openapi+yaml',
]

/** `/openapi/v1` and `/robots.txt`. */
export function addDiscovery(scope: FastifyInstance): void {
  addResource(scope, {
    path: '/openapi/v1',
    metrics: ['discovery', 'openapi'],
    handlers: { GET: getOpenApi },
    refuse: refuseMethod,
  })
  scope.all('/robots.txt', (_, reply) =>
    reply
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
      .type('text/plain')
      .send('User-agent: *\nDisallow: /\n'),
  )
}

async function getOpenApi(request: FastifyRequest, reply: FastifyReply) {
  const type = negotiated(request, types)
  const document = openApi()
  const text = type.endsWith('yaml') ? (await import('yaml')).stringify(document) : JSON.stringify(document)
  const etag = `"${createHash('sha256').update(text).digest('hex')}"`
  reply.header('etag', etag)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.type(type).serializer(String).send(text)
}
