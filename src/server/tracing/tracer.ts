import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** What a span says of itself, as OpenTelemetry names it. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** Something that was done, and when. */
export interface FinishedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  /** Milliseconds since 1970, with fractions. */
  readonly start: number
  readonly end: number
  readonly attributes: Attributes
  /** What went wrong; `undefined`: nothing. */
  readonly error: string | undefined
}

/** Done for somebody who asked, asked of somebody else, or neither. */
export type SpanKind = 'server' | 'client' | 'internal'

/** A span that has not ended. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
  end(attributes?: Attributes, error?: string): void
}

/** Another process's span that ours are part of. */
export type ParentSpan = Pick<Span, 'traceId' | 'spanId' | 'sampled'>

/** Makes spans. What is done inside of a span is part of it. */
export interface Tracer {
  /** Begins a span in `parent`, or in the one that this is done inside of, or a trace of its own. */
  start(name: string, kind: SpanKind, attributes: Attributes, parent?: ParentSpan): Span
  /** Does `work` inside of a span. */
  inside<T>(span: Span, work: () => T): T
  /** Does `work` inside of a span of its own, which ends with it. */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>, kind?: SpanKind): Promise<T>
  /** The header that tells another process which span it is called in (W3C Trace Context); `undefined`: in none. */
  traceparent(): string | undefined
}

/** A tracer that gives `finished` the spans of a share of the traces, 0 to 1, and those that others have chosen. */
export function createTracer(probability: number, finished: (span: FinishedSpan) => void): Tracer {
  const current = new AsyncLocalStorage<ParentSpan>()

  function start(name: string, kind: SpanKind, attributes: Attributes, given?: ParentSpan): Span {
    const parent = given ?? current.getStore()
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
    const spanId = randomBytes(8).toString('hex')
    const sampled = parent?.sampled ?? Math.random() < probability
    const begun = performance.timeOrigin + performance.now()
    const end = (more: Attributes = {}, error?: string) => {
      if (!sampled) return
      const ended = performance.timeOrigin + performance.now()
      const said = { name, kind, start: begun, end: ended, attributes: { ...attributes, ...more }, error }
      finished({ traceId, spanId, parentId: parent?.spanId, ...said })
    }
    return { traceId, spanId, sampled, end }
  }

  const inside: Tracer['inside'] = (span, work) => current.run(span, work)
  return {
    start,
    inside,
    async span(name, attributes, work, kind = 'internal') {
      const span = start(name, kind, attributes)
      try {
        const result = await inside(span, work)
        span.end()
        return result
      } catch (error) {
        span.end({}, error instanceof Error ? error.name : 'error')
        throw error
      }
    },
    traceparent() {
      const span = current.getStore()
      return span && `00-${span.traceId}-${span.spanId}-0${span.sampled ? 1 : 0}`
    },
  }
}

/** The span that a `traceparent` header names (W3C Trace Context, 3.2); `undefined` for what cannot be read. */
export function parseTraceparent(header: string | undefined): ParentSpan | undefined {
  const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/
  const [, traceId, spanId, flags] = pattern.exec(header?.slice(0, 100) ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags!, 16) & 1) === 1 }
}
