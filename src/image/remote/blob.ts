import { isChiaroError } from '../../core/errors.ts'
import type { LayerBlob } from '../../core/image.ts'
import { download } from '../../io/download.ts'
import { type Descriptor, sizeMismatch } from '../manifest.ts'
import type { RegistryClient } from './client.ts'

/** A layer in a registry, read as a stream that survives broken connections and tokens that end. */
export function remoteLayer(client: RegistryClient, descriptor: Pick<Descriptor, 'digest' | 'size'>): LayerBlob {
  return {
    kind: 'stream',
    size: descriptor.size,
    open: (signal) => readBlob(client, descriptor, signal),
  }
}

/**
 * The bytes of a blob, as many as its descriptor says; the reader checks the digest. Throws `DIGEST_MISMATCH` if there are
 * more or fewer, and what `RegistryClient.get` throws.
 */
export async function* readBlob(
  client: RegistryClient,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const where = `${client.where}, layer ${digest}`
  const send = (headers: Readonly<Record<string, string>>, stop: AbortSignal) =>
    client.get(`blobs/${digest}`, headers, stop, [200, 206, 416])
  let received = 0
  try {
    for await (const chunk of download(send, where, { signal, immutable: true, maxBytes: size })) {
      received += chunk.length
      yield chunk
    }
  } catch (error) {
    if (isChiaroError(error, 'LIMIT_EXCEEDED')) throw sizeMismatch(undefined, size, where)
    throw error
  }
  if (received !== size) throw sizeMismatch(received, size, where)
}
