import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Document } from '../../../../test/support/chiaro-v1.ts'
import { startTestServer, type TestServer } from '../../../../test/support/server.ts'

const documentFile = new URL('../../../../docs/openapi/chiaro-v1.json', import.meta.url).pathname

interface WholeDocument extends Document {
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

let server: TestServer
let document: WholeDocument

beforeAll(async () => {
  server = await startTestServer({ data: false })
  document = (await (await fetch(`${server.urls.api}/api/v1/openapi.json`)).json()) as WholeDocument
})
afterAll(() => server[Symbol.asyncDispose]())

describe('the OpenAPI document', () => {
  it('is the published one (vitest run src/server/api/chiaro-v1/openapi.test.ts -u writes it)', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(documentFile)
  })

  it('keeps the rules of OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document) as object as Record<string, unknown>)
    expect(result).toEqual({ valid: true })
    expect(await new Validator().validate({ ...document, paths: { 'no-slash': {} } })).toMatchObject({ valid: false })
  })

  it('has schemas of JSON Schema 2020-12 only, with no reference into nothing', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: true, allErrors: true })
    addFormats.default(ajv)
    ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components'])
    ajv.addSchema(document, 'document')
    for (const name of Object.keys(document.components.schemas)) {
      expect(ajv.getSchema(`document#/components/schemas/${name}`), name).toBeTypeOf('function')
    }
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Problem', 'Job', 'Update']))
  })

  it('names every parameter of a path, and each operation once', () => {
    const ids = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.values(operations).map(({ operationId, parameters = [] }) => {
        const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
        expect(named, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
        return operationId
      }),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})
