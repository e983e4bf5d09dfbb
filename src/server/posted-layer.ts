import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { ListedLayer } from '../compose.ts'
import { isDigest } from '../core/digest.ts'

/** A layer as clients of Clair posted it before v4. */
export interface PostedLayer {
  /** What the client calls it; it need not be a digest. */
  readonly name: string
  /** Its URL. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What is to be fetched for a layer, or why nothing can be. Headers that do not concern the place where it is are left out. */
export function listedLayer({ name, path, headers }: PostedLayer): ListedLayer | string {
  const url = URL.parse(path)
  // Clair also reads files of its own machine, which is nothing that a client should be able to ask for.
  if (!/^https?:$/.test(url?.protocol ?? '')) return 'its path is not an http or https URL'
  const sent = sentHeaders(headers)
  if (sent === undefined) return 'a header cannot be sent'
  // Paths in registries end in the digest, which is then checked; of others it is found out.
  const last = url?.pathname.split('/').at(-1)
  return { digest: isDigest(last) ? last : undefined, uri: path, headers: sent, createdBy: name }
}

function sentHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const usual = new Set(['authorization', 'cookie', 'user-agent'])
  const found = Object.entries(headers).filter(
    ([name, value]) => value !== '' && (usual.has(name.toLowerCase()) || name.toLowerCase().startsWith('x-')),
  )
  try {
    for (const [name, value] of found) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
  } catch {
    return undefined
  }
  return Object.fromEntries(found.map(([name, value]) => [name.toLowerCase(), value]))
}
