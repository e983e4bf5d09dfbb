import type { FastifyInstance } from 'fastify'
import { wasTaken } from './answer-taken.ts'
import type { Metrics } from './metrics.ts'

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const bytes = [200, 500, 1000, 10_000, 100_000, 1_000_000, 10_000_000]
const labels = ['handler', 'code', 'method']

/** The status that Clair counts for a client that did not wait. */
const clientGone = 499

/** Counts the requests of an application under Clair's names: `clair_http_GROUP_request_total` and so on. */
export function countRequests(app: FastifyInstance, metrics: Metrics, groups: readonly string[]): void {
  const meters = new Map(groups.map((group) => [group, metersOf(metrics, `clair_http_${group}`)]))
  app.addHook('onRequest', async (request, reply) => {
    const [group, handler] = request.routeOptions.config.metrics ?? []
    const meter = group === undefined ? undefined : meters.get(group)
    if (meter === undefined) return
    meter.inFlight.add([handler!], 1)
    // Not when Fastify says that it has answered, which it does not of clients that have gone.
    reply.raw.once('close', () => {
      const status = wasTaken(reply) ? reply.statusCode : clientGone
      const values = [handler!, String(status), request.method.toLowerCase()]
      meter.inFlight.add([handler!], -1)
      meter.total.add(values)
      meter.duration.observe(values, reply.elapsedTime / 1000)
      meter.requestSize.observe(values, Number(request.headers['content-length'] ?? 0))
      meter.responseSize.observe(values, Number(reply.getHeader('content-length') ?? 0))
    })
  })
}

function metersOf(metrics: Metrics, name: string) {
  const histogram = (suffix: string, help: string, buckets: readonly number[]) =>
    metrics.histogram({ name: `${name}_${suffix}`, help, labels, buckets })
  return {
    total: metrics.counter({ name: `${name}_request_total`, help: 'Requests.', labels }),
    duration: histogram('request_duration_seconds', 'Seconds until requests were answered.', seconds),
    requestSize: histogram('request_size_bytes', 'Bytes of the bodies of requests.', bytes),
    responseSize: histogram('response_size_bytes', 'Bytes of the bodies of answers of known size.', bytes),
    inFlight: metrics.gauge({
      name: `${name}_in_flight_requests`,
      help: 'Requests that are being answered.',
      labels: ['handler'],
    }),
  }
}
