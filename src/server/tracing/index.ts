import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Engine } from '../../compose.ts'
import { parseGoDuration } from '../../config/clair/durations.ts'
import type { Mode } from '../../config/clair/modes.ts'
import type { ClairConfig } from '../../config/clair/schema.ts'
import { wasTaken } from '../answer-taken.ts'
import { createOtlpExporter, type OtlpExporter, type OtlpOptions } from './otlp.ts'
import { createTracer, parseTraceparent, type Span, type Tracer } from './tracer.ts'

/** A tracer and where its spans go. */
export interface Tracing {
  readonly tracer: Tracer
  readonly exporter: OtlpExporter
}

/** Milliseconds that a delivery may take where the configuration says nothing (OpenTelemetry's default). */
const usualTimeout = 10_000

/** Tracing as a configuration with `trace.name: otlp` says. */
export function startTracing(config: ClairConfig, mode: Mode, onFailure: OtlpOptions['onFailure']): Tracing {
  const { probability, otlp } = config.trace
  const { endpoint, url_path: path, headers, compression, timeout, insecure } = otlp.http
  const base = /^https?:\/\//.test(endpoint) ? endpoint : `http${insecure ? '' : 's'}://${endpoint || 'localhost:4318'}`
  const exporter = createOtlpExporter({
    url: new URL(path || '/v1/traces', base).href,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    compress: compression === 'gzip',
    timeout: parseGoDuration(timeout) || usualTimeout,
    serviceName: `clairv4/${mode}`,
    onFailure,
  })
  return { tracer: createTracer(probability ?? 1, (span) => exporter.add(span)), exporter }
}

/** A span for each request, in the span that the client names. */
export function traceRequests(app: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, Span>()
  app.addHook('onRequest', async (request, reply) => {
    const { method, headers, routeOptions, id } = request
    const route = routeOptions.url ?? ''
    const attributes = { 'http.request.method': method, 'http.route': route, 'chiaro.request_id': String(id) }
    const parent = parseTraceparent([headers.traceparent].flat()[0])
    const span = tracer.start(`${method} ${route}`, 'server', attributes, parent)
    spans.set(request, span)
    reply.raw.once('close', () => {
      const status = reply.statusCode
      const left = wasTaken(reply) ? undefined : 'the client has gone'
      span.end({ 'http.response.status_code': status }, status >= 500 ? `status ${status}` : left)
    })
  })
  app.addHook('preHandler', (request, _, done) => tracer.inside(spans.get(request)!, done))
}

/** The engine, with a span for each of its larger works. */
export function tracedEngine(engine: Engine, { span }: Tracer): Engine {
  return {
    ...engine,
    indexLayers: (list, options) =>
      span('index', { 'chiaro.image': list.digest, 'chiaro.layers': list.layers.length }, () =>
        engine.indexLayers(list, options),
      ),
    report: (index, options) =>
      span('match', { 'chiaro.packages': index.packages.length }, () => engine.report(index, options)),
    updateStale: (feeds, options) =>
      span('update', { 'chiaro.feeds': feeds.length }, () => engine.updateStale(feeds, options)),
  }
}
