import type { FastifyInstance } from 'fastify'
import { isChiaroError } from '../core/errors.ts'
import type { DataState } from './data-state.ts'
import type { Metrics } from './metrics.ts'

/** What the introspection listener tells. */
export interface Introspection {
  readonly metrics: Metrics
  readonly metricsPath: string
  /** Whether the data is there. */
  state(): Promise<DataState>
}

/**
 * `/healthz`: the process answers. `/readyz`: the database answers and the data is there, or what of it is missing. `/metrics`:
 * for Prometheus.
 */
export function addIntrospection(app: FastifyInstance, { metrics, metricsPath, state }: Introspection): void {
  app.get('/healthz', async (_, reply) => reply.type('text/plain').send('ok'))
  app.get('/readyz', async (request, reply) => {
    try {
      const { ready, missing } = await state()
      return reply.code(ready ? 200 : 503).send({ ready, missing })
    } catch (error) {
      if (!isChiaroError(error)) throw error
      // What the database is and why it fails is for the log.
      request.log.warn({ err: error }, 'not ready')
      return reply.code(503).send({ ready: false, missing: [], error: error.code })
    }
  })
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/readyz',
    handler: (_, reply) => reply.code(405).header('allow', 'GET, HEAD').send(),
  })
  app.get(metricsPath, async (_, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
  )
}

/** `/health` of Clair v1: 200 while the database answers. */
export function addHealth(app: FastifyInstance, ping: () => Promise<unknown>): void {
  app.get('/health', async (_, reply) => {
    reply.header('server', 'clair')
    const healthy = await ping().then(
      () => true,
      () => false,
    )
    return reply.code(healthy ? 200 : 500).send()
  })
}
