import type { Static, TObject, TSchema } from 'typebox'
import type { Validator } from 'typebox/compile'
import type { Json } from '../../../core/advisory.ts'
import type { RouteLimits } from '../../route-limits.ts'

/** What a client asks for, checked. */
export interface Asked<Path = unknown, Query = unknown, Body = unknown> {
  readonly path: Path
  readonly query: Query
  readonly body: Body
  /** The header, where it is a number. */
  readonly lastEventId: number | undefined
  /** A signal that is aborted when the client is gone or the server ends. */
  watch(): AbortSignal
  /** Whether the client has what has this entity tag. */
  knows(etag: string): boolean
  /** The place at which the list goes on; `undefined` at its beginning. Throws `CURSOR_INVALID`. */
  cursor<Schema extends TSchema>(position: Validator<Record<never, never>, Schema>): Static<Schema> | undefined
  /** The cursor for a place; `null` for none. */
  next(position: Json | undefined): string | null
}

/** What is answered. */
export interface Answer {
  readonly status: number
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is: JSON that was made before. */
  readonly json?: Buffer
  /** Sent as it is, with this media type, instead of a body. */
  readonly stream?: { readonly type: string; readonly parts: AsyncIterable<string> | Iterable<string> }
  readonly headers?: Readonly<Record<string, string>>
  /** `content`: made from the body. */
  readonly etag?: string
}

/** An answer as the OpenAPI document has it. */
export interface AnswerKind {
  readonly description: string
  /** Without it, there is no body. */
  readonly schema?: TSchema
  /** Default: `application/json`. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One operation: all that is said of it, checked of it and done for it. */
export interface Operation {
  readonly id: string
  readonly tag: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/api/v1`, with `{names}`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /** By status. Problems are not among them: their statuses are `problems`. */
  readonly answers: Readonly<Record<number, AnswerKind>>
  /** Beside 401, 406, 429, 500 and 503, which anything can have. */
  readonly problems: readonly number[]
  /** How much of it is answered, where it is not as much as of others. */
  readonly limits?: RouteLimits
  handle(asked: Asked): Promise<Answer>
}

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : undefined

/** An operation whose handler sees what its schemas let through. */
export function operation<
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
  Body extends TSchema | undefined = undefined,
>(
  described: Omit<Operation, 'handle' | 'params' | 'query' | 'body'> & {
    readonly params?: Params
    readonly query?: Query
    readonly body?: Body
    handle(asked: Asked<StaticOf<Params>, StaticOf<Query>, StaticOf<Body>>): Promise<Answer>
  },
): Operation {
  return described as unknown as Operation
}
