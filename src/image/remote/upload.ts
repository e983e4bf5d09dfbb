import type { Digest } from '../../core/digest.ts'
import { ChiaroError } from '../../core/errors.ts'
import type { RequestBody } from '../../io/transport.ts'
import type { RegistryClient } from './client.ts'

/** A blob to be uploaded: its digest, and its bytes. */
export interface UploadBlob {
  readonly digest: Digest
  readonly body: Exclude<RequestBody, string>
}

/**
 * Uploads a blob, in one piece, if the repository does not have it (distribution specification, "Pushing a blob monolithically").
 * Resolves to whether it had to be sent. Throws what `RegistryClient.send` throws.
 */
export async function uploadBlob(
  client: RegistryClient,
  { digest, body }: UploadBlob,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await client.send(`blobs/${digest}`, { method: 'HEAD', signal }, [200, 404])
  await found.discard()
  if (found.status === 200) return false
  const begun = await client.send('blobs/uploads/', { method: 'POST', signal, body: '' }, [202])
  const location = begun.headers.get('location')
  await begun.discard()
  if (location === null) {
    throw new ChiaroError('REGISTRY_FAILED', 'the registry does not say where to upload to', { where: client.where })
  }
  const target = new URL(location, begun.url)
  target.searchParams.set('digest', digest)
  const headers = { 'content-type': 'application/octet-stream' }
  const done = await client.send(target.href, { method: 'PUT', headers, signal, body }, [201, 204])
  await done.discard()
  return true
}

/** Uploads a manifest under a tag or digest. Throws what `RegistryClient.send` throws. */
export async function uploadManifest(
  client: RegistryClient,
  reference: string,
  { mediaType, text }: { readonly mediaType: string; readonly text: string },
  signal: AbortSignal,
): Promise<void> {
  const headers = { 'content-type': mediaType }
  const done = await client.send(`manifests/${reference}`, { method: 'PUT', headers, signal, body: text }, [201, 202])
  await done.discard()
}
