import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type HttpClient, openHttpClient } from '../../compose.ts'
import { limits } from '../../core/limits.ts'
import type { Attributes, FinishedSpan, SpanKind } from './tracer.ts'

/** Where spans go: OTLP over HTTP, as JSON (OpenTelemetry Protocol 1, "OTLP/HTTP"). */
export interface OtlpOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly compress: boolean
  /** Milliseconds that one delivery may take. */
  readonly timeout: number
  readonly serviceName: string
  /** Is told of what could not be delivered. */
  readonly onFailure: (error: unknown, spans: number) => void
}

/** Sends spans, some at a time. What waits is delivered when it is disposed of. */
export interface OtlpExporter extends AsyncDisposable {
  add(span: FinishedSpan): void
}

/** Milliseconds between deliveries. */
const interval = 2000

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 }

/** What cannot be delivered is told and dropped: tracing never holds up what is traced. */
export function createOtlpExporter(options: OtlpOptions): OtlpExporter {
  const waiting: FinishedSpan[] = []
  let client: Promise<HttpClient> | undefined
  let sending: Promise<void> = Promise.resolve()
  const timer = setInterval(flush, interval).unref()

  function flush(): void {
    sending = sending.then(async () => {
      const spans = waiting.splice(0)
      if (spans.length === 0) return
      client ??= openHttpClient()
      await deliver(await client, spans, options).catch((error: unknown) => options.onFailure(error, spans.length))
    })
  }

  return {
    add(span) {
      // Those that find no room are not worth a wait.
      if (waiting.length < limits.waitingSpans) waiting.push(span)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      flush()
      await sending
      await (await client)?.[Symbol.asyncDispose]()
    },
  }
}

async function deliver(client: HttpClient, spans: readonly FinishedSpan[], options: OtlpOptions): Promise<void> {
  const text = Buffer.from(JSON.stringify(message(spans, options.serviceName)))
  const body = options.compress ? await promisify(gzip)(text) : text
  const coding = options.compress ? { 'content-encoding': 'gzip' } : {}
  const response = await client.request(options.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...coding },
    originHeaders: options.headers,
    body: { size: body.length, open: () => Readable.from([body]) },
    attempts: 1,
    signal: AbortSignal.timeout(options.timeout),
  })
  await response.discard()
  if (response.status >= 300) throw new Error(`the receiver answers with status ${response.status}`)
}

/** `ExportTraceServiceRequest`, in the JSON form of Protocol Buffers. */
function message(spans: readonly FinishedSpan[], serviceName: string): object {
  const resource = { attributes: attributesOf({ 'service.name': serviceName }) }
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'chiaro' }, spans: spans.map(spanOf) }] }] }
}

function spanOf(span: FinishedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanoseconds(span.start),
    endTimeUnixNano: nanoseconds(span.end),
    attributes: attributesOf(span.attributes),
    status: span.error === undefined ? {} : { code: 2, message: span.error },
  }
}

function attributesOf(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** 64-bit numbers are texts in this form. */
function nanoseconds(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1000)) * 1000n)
}
