import type { TObject, TSchema } from 'typebox'
import type { AnswerKind, Operation } from './operation.ts'
import { problemType } from './problem.ts'
import { basePath } from './routes.ts'
import { problem } from './schema.ts'

/** Statuses that any operation can have. */
const anywhere = [401, 406, 429, 500, 503]

const reasons: Readonly<Record<number, string>> = {
  400: 'The request cannot be understood.',
  401: 'A token is needed.',
  404: 'There is no such resource.',
  406: 'There is no answer of a type that the client accepts.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  429: 'The client asks too often, or as much is being worked on as may be at a time.',
  500: 'A defect of the server.',
  503: 'The server cannot answer now: its database does not.',
}

/**
 * These operations as an OpenAPI 3.1 document, from the very schemas that requests are checked by. A schema with a title is a
 * component of that name.
 */
export function openApi(operations: readonly Operation[]): object {
  const components = new Map<string, unknown>()
  const refer = referrer(components)
  const described = (operation: Operation) => operationObject(operation, refer)
  const byPath = Map.groupBy(operations, ({ path }) => path)
  const paths = [...byPath].map(([path, own]) => [
    path,
    Object.fromEntries(own.map((operation) => [operation.method.toLowerCase(), described(operation)])),
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chiaro',
      version: '1',
      description:
        'Which vulnerabilities are in which images, and the data behind that. Within version 1 members and operations may be ' +
        'added, but none is removed or changes its meaning. Every GET has a HEAD, and every path OPTIONS.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: basePath }],
    security: [{}, { token: [] }],
    tags: [
      { name: 'images', description: 'Images, and what is in them.' },
      { name: 'data', description: 'Vulnerability data.' },
      { name: 'document', description: 'This document.' },
    ],
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries([...components].sort(([left], [right]) => (left < right ? -1 : 1))),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Where auth.psk is configured: a token made with that key, as for the other APIs.',
        },
      },
    },
  }
}

type Refer = (schema: unknown) => unknown

/** Puts schemas with a title among the components, and a reference in their place. */
function referrer(components: Map<string, unknown>): Refer {
  const refer: Refer = (schema) => {
    if (Array.isArray(schema)) return schema.map(refer)
    if (typeof schema !== 'object' || schema === null) return schema
    const { title, $id: _, $schema: __, ...rest } = schema as Readonly<Record<string, unknown>>
    const copy = () => Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, refer(value)]))
    if (typeof title !== 'string' || rest.type === undefined)
      return { ...(title === undefined ? {} : { title }), ...copy() }
    const name = title.replaceAll(/\W/g, '')
    if (!components.has(name)) components.set(name, copy())
    return { $ref: `#/components/schemas/${name}` }
  }
  return refer
}

function operationObject(operation: Operation, refer: Refer): object {
  const { id, tag, summary, description, params, query, body, answers, problems } = operation
  const parameters = [...parametersOf('path', params, refer), ...parametersOf('query', query, refer)]
  const statuses = [...problems, ...anywhere].sort((left, right) => left - right)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: refer(body) } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, kind]) => [status, answerObject(kind, refer)])),
      ...Object.fromEntries(statuses.map((status) => [status, problemObject(status, refer)])),
    },
  }
}

function parametersOf(place: 'path' | 'query', schema: TObject | undefined, refer: Refer): readonly object[] {
  return Object.entries(schema?.properties ?? {}).map(([name, value]) => {
    const { description, ...rest } = value as TSchema & { readonly description?: string }
    const required = schema!.required?.includes(name) ?? false
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: refer(rest) }
  })
}

function answerObject(
  { description, schema, type = 'application/json', headers = {} }: AnswerKind,
  refer: Refer,
): object {
  const named = Object.entries(headers).map(([name, about]) => [
    name,
    { description: about, required: true, schema: { type: 'string' } },
  ])
  return {
    description,
    ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
    ...(schema === undefined ? {} : { content: { [type]: { schema: refer(schema) } } }),
  }
}

function problemObject(status: number, refer: Refer): object {
  return { description: reasons[status], content: { [problemType]: { schema: refer(problem) } } }
}
