import type { TSchema } from 'typebox'
import {
  affectedManifestsSchema,
  affectedRequestSchema,
  bulkDeleteSchema,
  errorSchema,
  indexReportSchema,
  indexStateSchema,
  manifestSchema,
  notificationPageSchema,
  updateDiffSchema,
  updateOperationsSchema,
  vulnerabilityReportSchema,
} from './schema.ts'

/** One operation: what it does, what it takes, and the schemas of its answers by status; `null`: without a body. */
interface Operation {
  readonly summary: string
  readonly body?: TSchema
  readonly query?: Readonly<Record<string, { readonly required: boolean; readonly schema: object }>>
  readonly answers: Readonly<Record<number, TSchema | null>>
}

const uuid = { type: 'string', format: 'uuid' }

/** Everything that is answered, by path and method. */
const operations: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/indexer/api/v1/index_report': {
    post: {
      summary: 'Index the contents of a manifest',
      body: manifestSchema,
      answers: { 201: indexReportSchema, 400: errorSchema, 412: null, 429: errorSchema, 500: errorSchema },
    },
    delete: {
      summary: 'Delete the index reports of manifests',
      body: bulkDeleteSchema,
      answers: { 200: bulkDeleteSchema, 400: errorSchema },
    },
  },
  '/indexer/api/v1/index_report/{digest}': {
    get: {
      summary: 'Retrieve the index report of a manifest',
      answers: { 200: indexReportSchema, 304: null, 400: errorSchema, 404: errorSchema, 415: errorSchema },
    },
    delete: { summary: 'Delete the index report of a manifest', answers: { 204: null, 400: errorSchema } },
  },
  '/indexer/api/v1/index_state': {
    get: { summary: 'Retrieve what identifies the indexer', answers: { 200: indexStateSchema, 304: null } },
  },
  '/indexer/api/v1/internal/affected_manifest': {
    post: {
      summary: 'Retrieve the manifests that vulnerabilities affect',
      body: affectedRequestSchema,
      answers: { 200: affectedManifestsSchema, 400: errorSchema, 415: errorSchema },
    },
  },
  '/matcher/api/v1/vulnerability_report/{digest}': {
    get: {
      summary: 'Retrieve the vulnerabilities of a manifest; 202 while the data that it needs is not loaded',
      answers: { 200: vulnerabilityReportSchema, 202: null, 400: errorSchema, 404: errorSchema },
    },
  },
  '/matcher/api/v1/internal/update_operation': {
    get: {
      summary: 'Retrieve the generations of feeds',
      query: {
        kind: { required: true, schema: { enum: ['vulnerability', 'enrichment'] } },
        latest: { required: false, schema: { type: 'boolean', default: false } },
      },
      answers: { 200: updateOperationsSchema, 304: null, 400: errorSchema },
    },
  },
  '/matcher/api/v1/internal/update_operation/{ref}': {
    delete: {
      summary: 'Delete a generation of a feed; if it is the newest, the one before it takes its place',
      answers: { 200: null, 400: errorSchema, 409: errorSchema },
    },
  },
  '/matcher/api/v1/internal/update_diff': {
    get: {
      summary: 'Retrieve what differs between two generations of a feed',
      query: { cur: { required: true, schema: uuid }, prev: { required: false, schema: uuid } },
      answers: { 200: updateDiffSchema, 400: errorSchema, 404: errorSchema },
    },
  },
  '/notifier/api/v1/notification/{id}': {
    get: {
      summary: 'Retrieve a page of a notification; 404 where nobody is notified',
      query: {
        page_size: { required: false, schema: { type: 'integer', minimum: 1, default: 500 } },
        next: { required: false, schema: uuid },
      },
      answers: { 200: notificationPageSchema, 400: errorSchema, 404: errorSchema, 415: errorSchema },
    },
    delete: {
      summary: 'Delete a notification, which has been read',
      answers: { 200: null, 400: errorSchema, 404: errorSchema },
    },
  },
}

/** The API as an OpenAPI 3.1 document, from the schemas that answers are made after. */
export function openApi(): object {
  const paths = Object.entries(operations).map(([path, methods]) => [
    path,
    {
      ...pathParameters(path),
      ...Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, operationOf(operation)])),
    },
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Clair Container Analyzer',
      version: '1.2.0',
      description: 'The API of Clair v4, as Chiaro answers it.',
    },
    paths: Object.fromEntries(paths),
  }
}

function pathParameters(path: string): object {
  const [, name] = /\{(\w+)\}$/.exec(path) ?? []
  return name === undefined ? {} : { parameters: [parameter(name, 'path', true, { type: 'string' })] }
}

function operationOf({ summary, body, query, answers }: Operation): object {
  const parameters = Object.entries(query ?? {}).map(([name, { required, schema }]) =>
    parameter(name, 'query', required, schema),
  )
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: Object.fromEntries(Object.entries(answers).map(([status, schema]) => [status, answerOf(schema)])),
  }
}

function answerOf(schema: TSchema | null): object {
  const description = schema === errorSchema ? 'An error' : 'The answer'
  return { description, ...(schema === null ? {} : { content: { 'application/json': { schema } } }) }
}

function parameter(name: string, place: string, required: boolean, schema: object): object {
  return { name, in: place, required, schema }
}
