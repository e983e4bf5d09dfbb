// What the server of Chiaro could do at most: the same layers around a route that has its answer in memory.
//   node bench/memory-server.ts FILE     FILE: the body of the answer
import { readFileSync } from 'node:fs'
import { resolveClairConfig } from '../src/config/clair/load.ts'
import { errorBody, sendError } from '../src/server/api/clair-v4/errors.ts'
import { createApp } from '../src/server/app.ts'
import { compressAnswers } from '../src/server/compression.ts'
import { countRequests } from '../src/server/http-metrics.ts'
import { speakHttp2 } from '../src/server/http2.ts'
import { createMetrics } from '../src/server/metrics.ts'
import { addResource } from '../src/server/resource.ts'
import { limitRoutes } from '../src/server/route-limits.ts'
import { serverLimits } from '../src/server/server-limits.ts'

const body = readFileSync(process.argv[2]!)
const { config } = resolveClairConfig({ http_listen_addr: '127.0.0.1:0' }, 'bench', 'combo')
const metrics = createMetrics()
const bounds = serverLimits()
const app = createApp(config, 'api', process.stderr, bounds)
limitRoutes(app, metrics, bounds)
countRequests(app, metrics, ['matcherv1'])
app.register(async (scope) => {
  compressAnswers(scope, () => errorBody(415, 'unable to negotiate a common content coding'))
  addResource(scope, {
    path: '/matcher/api/v1/vulnerability_report/:digest',
    metrics: ['matcherv1', 'vulnerability_report'],
    handlers: {
      GET: async (_, reply) =>
        reply
          .header('cache-control', 'max-age=21600')
          .type('application/vnd.clair.vulnerability_report.v1+json')
          .send(body),
    },
    refuse: (_, reply) => sendError(reply, 405, 'endpoint only allows GET'),
  })
})
speakHttp2(app.server, bounds)
await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: (address) => `listening on ${address}` })
