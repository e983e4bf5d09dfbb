import type { FastifyRequest } from 'fastify'
import { type TObject, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { messageOf } from '../../../core/errors.ts'
import { failure } from './problem.ts'
import type { ProblemError } from './schema.ts'

/** Reads one part of requests, as its schema wants it. Throws `REQUEST_INVALID`. */
export type PartReader = (request: FastifyRequest) => unknown

/** Places that are wrong, of which an answer tells. */
const errorsTold = 10

/** The parameters of a path or query. All of them are texts there; what is to be a number or a truth value is read as such. */
export function parameterReader(place: 'path' | 'query', schema: TObject | undefined): PartReader {
  const check = checker(place, schema ?? Type.Object({}, { additionalProperties: false }))
  const properties = (schema?.properties ?? {}) as Readonly<Record<string, { readonly type?: string }>>
  const convert = (name: string, value: unknown) =>
    Object.hasOwn(properties, name) && typeof value === 'string' ? converted(value, properties[name]!.type) : value
  return (request) => {
    const raw = (place === 'path' ? request.params : request.query) as Readonly<Record<string, unknown>>
    return check(Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, convert(name, value)])))
  }
}

function converted(value: string, type: string | undefined): unknown {
  if (type === 'integer' && /^\d{1,15}$/.test(value)) return Number(value)
  if (type === 'boolean' && /^(?:true|false)$/.test(value)) return value === 'true'
  return value
}

/**
 * A JSON body. Throws also `MEDIA_TYPE_UNSUPPORTED` for what is not said to be JSON: pages of other sites can have browsers
 * send anything else without asking.
 */
export function bodyReader(schema: TSchema): PartReader {
  const check = checker('body', schema)
  return ({ body, headers }) => {
    const type = headers['content-type']?.split(';').at(0)?.trim().toLowerCase()
    if (type !== 'application/json') {
      throw failure('MEDIA_TYPE_UNSUPPORTED', 'Send JSON, and "Content-Type: application/json".')
    }
    return check(parseJson(body))
  }
}

/** Refuses a body where none is wanted. */
export const noBody: PartReader = ({ body }) => {
  if (Buffer.isBuffer(body) && body.length > 0) throw failure('REQUEST_INVALID', 'There is to be no body.')
  return undefined
}

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  } catch (error) {
    throw failure('REQUEST_INVALID', `The body is not JSON: ${messageOf(error).slice(0, 200)}`)
  }
}

function checker(place: ProblemError['in'], schema: TSchema): (value: unknown) => unknown {
  const validator = Compile(schema)
  return (value) => {
    if (validator.Check(value)) return value
    const errors = validator
      .Errors(value)
      .filter(({ keyword }) => keyword !== 'additionalProperties')
      .slice(0, errorsTold)
      .map((error) => ({ in: place, pointer: error.instancePath.slice(0, 200), detail: detailOf(error) }))
    throw failure('REQUEST_INVALID', `The ${place} is not as it has to be: "errors" says where.`, { errors })
  }
}

/** What is wrong, in words. A member that is not known is told of by itself: what has it would say the same once more. */
function detailOf({ keyword, message, params }: TLocalizedValidationError): string {
  if (keyword === 'boolean') return 'is not known'
  return 'allowedValues' in params ? `must be one of ${params.allowedValues.join(', ')}` : message
}
