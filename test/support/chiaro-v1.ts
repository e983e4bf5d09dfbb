import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import type { TestServer } from './server.ts'

/** Where the frozen document is. */
export const documentFile = join(import.meta.dirname, '..', '..', 'docs', 'openapi', 'chiaro-v1.json')

interface Content {
  readonly content?: Readonly<Record<string, unknown>>
}

/** What the tests read of an OpenAPI document. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>
}

/** An operation of it. */
export interface DocumentOperation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: 'path' | 'query'; readonly schema: object }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, Content & { readonly headers?: Readonly<Record<string, unknown>> }>>
}

/** The document as it is published. */
export const document = JSON.parse(readFileSync(documentFile, 'utf8')) as Document

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(document, 'document')

const pointer = (...parts: readonly string[]) =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

/** An answer, read. */
export interface Answered<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** The template in the document for a path below the API's, and the operation there. */
function operationOf(method: string, path: string): readonly [template: string, operation: DocumentOperation] {
  const parts = path.split('?')[0]!.split('/')
  const template = Object.keys(document.paths).find((candidate) => {
    const own = candidate.split('/')
    return own.length === parts.length && own.every((part, place) => part.startsWith('{') || part === parts[place])
  })
  const operation = template === undefined ? undefined : document.paths[template]![method.toLowerCase()]
  expect(operation, `${method} ${path} is in the document`).toBeDefined()
  return [template!, operation!]
}

/** Checks an answer against the document: its status, media type, headers and body. Gives the body. */
export async function checkAnswer(method: string, path: string, response: Response): Promise<unknown> {
  const [template, { responses }] = operationOf(method, path)
  const status = String(response.status)
  const text = await response.text()
  const described = responses[status]
  if (status === '304') {
    expect(text).toBe('')
    return undefined
  }
  expect(described, `${method} ${path} answers ${status}: ${text.slice(0, 500)}`).toBeDefined()
  for (const name of Object.keys(described!.headers ?? {})) expect(response.headers.get(name), name).not.toBeNull()
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  if (described!.content === undefined) {
    expect(text).toBe('')
    return undefined
  }
  const type = response.headers.get('content-type')!.split(';')[0]!
  expect(Object.keys(described!.content)).toContain(type)
  if (type === 'text/event-stream') return text
  const body: unknown = JSON.parse(text)
  const place = pointer('paths', template, method.toLowerCase(), 'responses', status, 'content', type, 'schema')
  const validate = ajv.getSchema(`document#${place}`)!
  expect(validate(body), `${method} ${path} ${status}: ${JSON.stringify(validate.errors?.slice(0, 5))}`).toBe(true)
  return body
}

/** Asks the API of a server, and checks the answer against the document. */
export async function ask<Body>(
  { urls }: Pick<TestServer, 'urls'>,
  method: string,
  path: string,
  init: RequestInit & { readonly json?: unknown } = {},
): Promise<Answered<Body>> {
  const { json, ...rest } = init
  const body = json === undefined ? {} : { body: JSON.stringify(json) }
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { ...type, ...(init.headers as Record<string, string> | undefined) }
  const response = await fetch(`${urls.api}/api/v1${path}`, { method, ...rest, ...body, headers })
  const { status } = response
  return { status, headers: response.headers, body: (await checkAnswer(method, path, response)) as Body }
}

/** Asks until a job or an update is done. */
export async function finished<Body extends { readonly endedAt: string | null }>(
  server: Pick<TestServer, 'urls'>,
  path: string,
): Promise<Body> {
  for (;;) {
    const { body } = await ask<Body>(server, 'GET', path)
    if (body.endedAt !== null) return body
    await sleep(20)
  }
}
