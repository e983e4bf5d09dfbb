import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import { exampleLayout, layoutManifest } from './server.ts'

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const validators = new Map<object, (value: unknown) => boolean>()

/** The body of an answer, if it is as the JSON schema says. */
export async function checked<T>(response: Response, schema: object): Promise<T> {
  const body = await response.json()
  if (!validators.has(schema)) validators.set(schema, ajv.compile(schema))
  const validator = validators.get(schema)! as { (value: unknown): boolean; errors?: unknown }
  expect(validator(body), JSON.stringify(validator.errors)).toBe(true)
  return body as T
}

/** The bundled example, as a client reads it. */
export const image = layoutManifest(exampleLayout)
/** A digest that nothing has. */
export const unknown = `sha256:${'0'.repeat(64)}`

export const indexPath = '/indexer/api/v1/index_report'
export const reportPath = '/matcher/api/v1/vulnerability_report'
export const statePath = '/indexer/api/v1/index_state'

/** A manifest of Clair's: an image's layers in a registry that wants no token. */
export function manifestIn(host: string, { digest, layers } = image): { hash: string; layers: object[] } {
  return { hash: digest, layers: layers.map((hash) => ({ hash, uri: `http://${host}/v2/test/image/blobs/${hash}` })) }
}

/** A manifest as clairctl and Quay make it: with a token of the registry, beside headers that are not to be sent on. */
export async function manifestWithToken(host: string): Promise<{ hash: string; layers: object[] }> {
  const scope = 'scope=repository:test/image:pull&service=test, registry'
  const { token } = (await (await fetch(`http://${host}/token?${encodeURI(scope)}`)).json()) as { token: string }
  const headers = { Authorization: [`Bearer ${token}`], Range: ['bytes=0-0'], Host: ['elsewhere'] }
  const { hash, layers } = manifestIn(host)
  return { hash, layers: layers.map((layer) => ({ ...layer, headers })) }
}

/** Submits a manifest, or any text, to the API at `base`. */
export function post(base: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${base}${indexPath}`, { method: 'POST', headers, body: text })
}
