import { connect } from 'node:http2'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, it } from 'vitest'
import { countRequests } from './http-metrics.ts'
import { createMetrics } from './metrics.ts'
import { limitRoutes } from './route-limits.ts'
import { serverLimits } from './server-limits.ts'

it.each([false, true])('requests count with their status (HTTP/2: %s)', async (http2) => {
  const app = (http2 ? Fastify({ http2 }) : Fastify()) as unknown as FastifyInstance
  const metrics = createMetrics()
  limitRoutes(app, metrics, serverLimits({ answersAtOnce: 1 }))
  countRequests(app, metrics, ['group'])
  app.get('/', { config: { metrics: ['group', 'root'] } }, async () => 'x'.repeat(1000))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (let time = 0; time < 3; time++) {
    if (!http2) await (await fetch(url)).text()
    else {
      const session = connect(url)
      const stream = session.request({ ':path': '/' })
      await stream.resume().toArray()
      await new Promise<void>((resolve) => session.close(resolve))
    }
  }
  const lines = (await metrics.text()).split('\n')
  expect(lines).toContain('clair_http_group_request_total{handler="root",code="200",method="get"} 3')
  expect(lines).toContain('clair_http_group_in_flight_requests{handler="root"} 0')
  expect(lines).toContain('clair_http_group_response_size_bytes_sum{handler="root",code="200",method="get"} 3000')
  await app.close()
})
