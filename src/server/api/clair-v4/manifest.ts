import { validateHeaderName, validateHeaderValue } from 'node:http'
import { Compile } from 'typebox/compile'
import type { LayerList, ListedLayer } from '../../../compose.ts'
import { type Digest, isDigest } from '../../../core/digest.ts'
import { messageOf } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { failure } from './errors.ts'
import { type ManifestBody, manifestSchema } from './schema.ts'

const validator = Compile(manifestSchema)

/** Headers that are about a connection or a transfer, which are not the client's to set. */
const own = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The image that a client describes. Throws failures with status 400 in Clair's words. */
export function parseManifest(body: unknown): LayerList {
  const manifest = parseBody(body)
  const layers = manifest.layers ?? []
  if (manifest.hash === undefined || manifest.hash === '' || layers.length === 0) throw failure(400, 'bogus manifest')
  if (layers.length > limits.layers) throw malformed(`there are more than ${limits.layers} layers`)
  const digest = digestOf(manifest.hash)
  return { reference: digest, digest, layers: layers.map(parseLayer) }
}

/** A JSON document, read. Throws a failure that begins with `what`. */
export function parseJson(body: unknown, what: string): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  } catch (error) {
    throw failure(400, `${what}: ${messageOf(error).slice(0, 200)}`)
  }
}

function parseBody(body: unknown): ManifestBody {
  const value = parseJson(body, 'failed to deserialize manifest')
  if (validator.Check(value)) return value
  const [error] = validator.Errors(value)
  throw malformed(`${error?.instancePath ?? ''} ${error?.message ?? 'is not as expected'}`.trim())
}

function parseLayer({ hash, uri = '', headers }: NonNullable<ManifestBody['layers']>[number]): ListedLayer {
  if (!/^https?:$/.test(URL.parse(uri)?.protocol ?? ''))
    throw malformed('the uri of a layer is not an http or https URL')
  return { digest: digestOf(hash), uri, headers: headersOf(headers ?? {}), createdBy: '' }
}

function headersOf(headers: Readonly<Record<string, readonly string[] | null>>): Readonly<Record<string, string>> {
  const found = new Map<string, string>()
  for (const [name, values] of Object.entries(headers)) {
    const value = (values ?? []).join(', ')
    if (own.has(name.toLowerCase()) || value === '') continue
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw malformed('a header of a layer cannot be sent')
    }
    found.set(name.toLowerCase(), value)
  }
  return Object.fromEntries(found)
}

function digestOf(text: string): Digest {
  if (isDigest(text)) return text
  throw malformed('a hash is not a digest')
}

function malformed(what: string) {
  return failure(400, `failed to deserialize manifest: ${what}`)
}
